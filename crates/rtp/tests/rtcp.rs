//! RTCP against an independent implementation, in both directions.

use proptest::prelude::*;
use rtcp_types::{RtcpPacketWriter, RtcpPacketWriterExt};
use tipring_rtp::{Block, Compound, Piece, Report, RtcpError, SenderInfo, Ssrc, Ticks, Timestamp};

fn full(cname: &[u8]) -> Report<'_> {
    Report {
        ssrc: Ssrc(0x0102_0304),
        sender: Some(SenderInfo {
            ntp: 0x1122_3344_5566_7788,
            timestamp: Timestamp(0x99aa_bbcc),
            packets: 1000,
            octets: 160_000,
        }),
        block: Some(Block {
            ssrc: Ssrc(0xfeed_beef),
            fraction_lost: 51,
            lost: -3,
            highest: 0x0001_0007,
            jitter: Ticks(40),
            last_report: 0xaabb_ccdd,
            delay: 0x0001_8000,
        }),
        voip: None,
        cname,
        goodbye: true,
    }
}

#[test]
fn what_we_write_is_read_by_another_implementation() {
    for length in 0..20 {
        let cname = vec![b'x'; length];
        let mut bytes = [0; 200];
        let size = full(&cname).write(&mut bytes).unwrap();
        let mut seen = 0;
        for packet in rtcp_types::Compound::parse(&bytes[..size]).unwrap() {
            match packet.unwrap() {
                rtcp_types::Packet::Sr(sr) => {
                    assert_eq!((sr.ssrc(), sr.ntp_timestamp()), (0x0102_0304, 0x1122_3344_5566_7788));
                    assert_eq!(
                        (sr.rtp_timestamp(), sr.packet_count(), sr.octet_count()),
                        (0x99aa_bbcc, 1000, 160_000)
                    );
                    let block = sr.report_blocks().next().unwrap();
                    assert_eq!((block.ssrc(), block.fraction_lost()), (0xfeed_beef, 51));
                    assert_eq!(block.cumulative_lost(), 0x00ff_fffd, "-3 in 24 bits");
                    assert_eq!(
                        (block.extended_sequence_number(), block.interarrival_jitter()),
                        (0x0001_0007, 40)
                    );
                    assert_eq!(block.last_sender_report_timestamp(), 0xaabb_ccdd);
                    assert_eq!(block.delay_since_last_sender_report_timestamp(), 0x0001_8000);
                    seen |= 1;
                }
                rtcp_types::Packet::Sdes(sdes) => {
                    let chunk = sdes.chunks().next().unwrap();
                    let item = chunk.items().next().unwrap();
                    assert_eq!((chunk.ssrc(), item.type_(), item.value()), (0x0102_0304, 1, &cname[..]));
                    seen |= 2;
                }
                rtcp_types::Packet::Bye(bye) => {
                    assert!(bye.ssrcs().eq([0x0102_0304]));
                    seen |= 4;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(seen, 7, "SR, SDES and BYE with a name of {length}");
    }
}

#[test]
fn what_another_implementation_writes_is_read() {
    let block = rtcp_types::ReportBlock::builder(7)
        .fraction_lost(9)
        .cumulative_lost(0x00ff_fffe)
        .interarrival_jitter(80);
    let second = rtcp_types::ReportBlock::builder(8);
    let builder = rtcp_types::Compound::builder()
        .add_packet(rtcp_types::ReceiverReport::builder(5).add_report_block(block).add_report_block(second))
        .add_packet(
            rtcp_types::Sdes::builder().add_chunk(
                rtcp_types::SdesChunk::builder(5)
                    .add_item(rtcp_types::SdesItem::builder(2, "Somebody"))
                    .add_item(rtcp_types::SdesItem::builder(1, "me@host")),
            ),
        )
        .add_packet(rtcp_types::App::builder(5, "test").data(&[1, 2, 3, 4]))
        .add_packet(rtcp_types::Bye::builder().add_source(5).add_source(6).reason("enough"));
    let mut bytes = vec![0; builder.calculate_size().unwrap()];
    builder.write_into(&mut bytes).unwrap();
    let pieces: Vec<_> = Compound::parse(&bytes).unwrap().collect();
    let [
        Piece::Receiver { ssrc: Ssrc(5), blocks },
        Piece::Name { ssrc: Ssrc(5), cname: b"me@host" },
        Piece::Other(204),
        Piece::Goodbye(leavers),
    ] = &pieces[..]
    else {
        panic!("{pieces:?}");
    };
    let blocks: Vec<_> = blocks.clone().collect();
    assert_eq!((blocks[0].ssrc, blocks[0].fraction_lost, blocks[0].lost), (Ssrc(7), 9, -2));
    assert_eq!((blocks[0].jitter, blocks[1].ssrc), (Ticks(80), Ssrc(8)));
    assert!(leavers.clone().eq([Ssrc(5), Ssrc(6)]));
}

#[test]
fn faults_are_named_with_their_place() {
    let mut bytes = [0; 200];
    let size = full(b"a").write(&mut bytes).unwrap();
    assert_eq!(
        Compound::parse(&bytes[..size - 1]).unwrap_err(),
        RtcpError::Truncated { offset: size - 8, expected: 8, actual: 7 }
    );
    assert!(matches!(
        Compound::parse(&[]).unwrap_err(),
        RtcpError::Truncated { offset: 0, expected: 4, actual: 0 }
    ));
    bytes[52] = 0x01;
    assert_eq!(Compound::parse(&bytes[..size]).unwrap_err(), RtcpError::Version { offset: 52, version: 0 });
    // A receiver report that announces more blocks than it has.
    let short = [0x82, 201, 0, 1, 0, 0, 0, 5];
    assert_eq!(
        Compound::parse(&short).unwrap_err(),
        RtcpError::Truncated { offset: 0, expected: 56, actual: 8 }
    );
    let padded = [0xa0, 201, 0, 1, 0, 0, 0, 9];
    assert_eq!(Compound::parse(&padded).unwrap_err(), RtcpError::Padding { offset: 0 });
}

#[test]
fn nothing_is_written_past_the_end() {
    let mut bytes = [0; 200];
    let size = full(b"name").write(&mut bytes).unwrap();
    for room in 0..size {
        assert_eq!(full(b"name").write(&mut bytes[..room]), None);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 199_u8..209, words in 0_u8..8) {
        if let [flags, k, l0, l1, ..] = &mut bytes[..] {
            (*flags, *k, *l0, *l1) = (0x80 | (*flags & 0x23), kind, 0, words);
        }
        if let Ok(compound) = Compound::parse(&bytes) {
            for piece in compound {
                match piece {
                    Piece::Sender { blocks, .. } | Piece::Receiver { blocks, .. } => prop_assert!(blocks.count() <= 31),
                    Piece::Goodbye(leavers) => prop_assert!(leavers.count() <= 31),
                    Piece::Voip { metrics, .. } => prop_assert!(metrics.count() <= 5),
                    Piece::Name { .. } | Piece::Other(_) => {}
                }
            }
        }
    }
}
