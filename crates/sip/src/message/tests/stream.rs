use super::*;

/// Everything that comes out when `bytes` arrive in pieces of `piece` bytes.
fn run(bytes: &[u8], piece: usize) -> (Vec<StreamItem>, Option<StreamError>) {
    let mut framer = StreamFramer::new();
    let mut items = Vec::new();
    for chunk in bytes.chunks(piece) {
        if let Err(error) = framer.push(chunk) {
            return (items, Some(error));
        }
        loop {
            match framer.pop() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Some(error)),
            }
        }
    }
    (items, None)
}

fn messages(items: &[StreamItem]) -> Vec<&Message> {
    items.iter().filter_map(|i| if let StreamItem::Message(m) = i { Some(m) } else { None }).collect()
}

#[test]
fn messages_come_out_whole_however_they_arrive() {
    let bytes = [INVITE, "\r\n", INVITE, "\r\n\r\n", INVITE].concat();
    let whole = request(INVITE).into();
    for piece in [1, 2, 3, 7, 64, 311, 1000, bytes.len()] {
        let (items, error) = run(bytes.as_bytes(), piece);
        assert_eq!(error, None, "{piece}");
        assert_eq!(messages(&items), [&whole; 3], "{piece}");
        assert_eq!(items.iter().filter(|i| **i == StreamItem::Ping).count(), 1, "{piece}");
    }
}

#[test]
fn keep_alives_are_told_apart() {
    assert_eq!(run(b"\r\n\r\n", 4).0, [StreamItem::Ping]);
    assert_eq!(run(b"\r\n", 2).0, [StreamItem::Pong]);
    assert_eq!(run(b"\r\n\r\n", 2).0, [StreamItem::Pong, StreamItem::Ping]);
    assert_eq!(run(b"\r\n\r\n\r\n\r\n", 8).0, [StreamItem::Ping, StreamItem::Ping]);
}

#[test]
fn bad_messages_with_a_known_end_do_not_stop_the_stream() {
    let bad = edited("INVITE", "INVITE sip:a@b SIP/7.0");
    let (items, error) = run([&bad, INVITE].concat().as_bytes(), 50);
    assert_eq!(error, None);
    let StreamItem::Malformed(first) = &items[0] else { panic!("{items:?}") };
    assert_eq!(first.answer("t").unwrap().status, 505);
    assert_eq!(messages(&items).len(), 1);
}

#[test]
fn lost_framing_ends_the_stream() {
    for (text, status) in [
        (edited("Content-Length", ""), 400),
        (edited("Content-Length", "Content-Length: x"), 400),
        (edited("Content-Length", "Content-Length: 5\r\nContent-Length: 5"), 400),
        (edited("Content-Length", "Content-Length: 60000"), 513),
        (edited("Content-Length", "no colon here\r\nContent-Length: 5"), 400),
        (edited("Content-Type", &format!("X: {}", "y".repeat(70_000))), 513),
    ] {
        for piece in [1000, 100_000] {
            let (items, error) = run(text.as_bytes(), piece);
            let Some(StreamError::Lost(error)) = error else { panic!("{items:?} {error:?}") };
            assert_eq!(error.status, status);
            assert_eq!(error.answer("t").unwrap().status, status, "{error}");
            assert!(items.is_empty());
        }
    }
    let mut framer = StreamFramer::new();
    framer.push(b"nonsense\r\n\r\n").unwrap();
    assert!(matches!(framer.pop(), Err(StreamError::Lost(_))));
    assert_eq!(framer.push(b"x"), Err(StreamError::Closed));
    assert_eq!(framer.pop(), Err(StreamError::Closed));
}

#[test]
fn an_endless_line_is_cut_off_at_the_bound() {
    let mut framer = StreamFramer::new();
    let mut pushed = 0;
    while framer.pop().is_ok() {
        framer.push(b"aaaaaaaaaaaaaaaa").unwrap();
        pushed += 16;
        assert!(pushed <= MAX_HEADER_SECTION + 16);
    }
    let mut unread = StreamFramer::new();
    let full = (0..).find(|_| unread.push(&[b'a'; 4096]).is_err()).unwrap();
    assert_eq!(full, MAX_STREAM_BUFFER / 4096);
}

#[test]
fn the_buffer_does_not_keep_what_was_popped() {
    let mut framer = StreamFramer::new();
    for _ in 0..10_000 {
        framer.push(INVITE.as_bytes()).unwrap();
        assert!(matches!(framer.pop(), Ok(Some(StreamItem::Message(_)))));
        assert_eq!(framer.waiting(), 0);
    }
}
