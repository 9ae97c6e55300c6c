//! RTCP compounds: what is read of them, and what is written of what was read.

use tipring_rtp::{Compound, Piece, Report};

/// Reads the compound; each block of VoIP metrics is written again and read as the same.
pub fn run(data: &[u8]) {
    let Ok(compound) = Compound::parse(data) else { return };
    for piece in compound {
        match piece {
            Piece::Sender { blocks, .. } | Piece::Receiver { blocks, .. } => {
                assert!(blocks.count() <= tipring_rtp::MAX_BLOCKS);
            }
            Piece::Voip { ssrc, metrics } => {
                for voip in metrics {
                    let report = Report {
                        ssrc,
                        sender: None,
                        block: None,
                        voip: Some(voip),
                        cname: b"x",
                        goodbye: false,
                    };
                    let mut bytes = [0; 128];
                    let size = report.write(&mut bytes).unwrap_or(0);
                    let again = Compound::parse(&bytes[..size]).ok().and_then(|mut compound| {
                        compound.find_map(|piece| match piece {
                            Piece::Voip { mut metrics, .. } => metrics.next(),
                            Piece::Sender { .. }
                            | Piece::Receiver { .. }
                            | Piece::Name { .. }
                            | Piece::Goodbye(_)
                            | Piece::Other(_) => None,
                        })
                    });
                    assert_eq!(again, Some(voip));
                }
            }
            Piece::Goodbye(leavers) => assert!(leavers.count() <= 31),
            Piece::Name { .. } | Piece::Other(_) => {}
        }
    }
}
