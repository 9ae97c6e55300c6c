//! RTCP: reports, names and farewells in compound packets.
//!
//! # What
//! Writes a compound of SR or RR, SDES with the canonical name, VoIP metrics and BYE; reads the pieces of any compound.
//!
//! # How
//! Own code instead of rtcp-types, whose builders and SDES parser allocate; a report goes out from the
//! media tick, where nothing may. The tests hold this file against that crate in both directions.
//!
//! # Limits
//! One report block goes out: a telephone stream has one far end. APP, feedback and extended reports other than VoIP
//! metrics are passed over. The first piece need not be a report (RFC 5506 allows reduced size).
//!
//! # Standard
//! RFC 3550 clause 6.4 to 6.6 and A.2, RFC 3611 clause 2 (extended reports).

use crate::voip::{Metrics, VoipMetrics};
use crate::{Ssrc, Ticks, Timestamp};

/// Bytes in the longest canonical name; RFC 7022 makes short ones.
pub const MAX_CNAME_BYTES: usize = 255;
/// Report blocks in one report, by its five-bit count.
pub const MAX_BLOCKS: usize = 31;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const EXTENDED: u8 = 207;
const CNAME_ITEM: u8 = 1;
const BLOCK_BYTES: usize = 24;

/// What is wrong with a datagram that was to be RTCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RtcpError {
    /// A piece ends before its contents do.
    #[error("piece at byte {offset} has {actual} bytes, expected {expected}")]
    Truncated {
        /// Where the piece starts.
        offset: usize,
        /// Bytes that it would take.
        expected: usize,
        /// Bytes that there are.
        actual: usize,
    },
    /// Another version, or no RTCP.
    #[error("version {version} at byte {offset}, expected 2")]
    Version {
        /// Where the piece starts.
        offset: usize,
        /// What was found.
        version: u8,
    },
    /// Padding in a piece that is not the last, or more of it than there are bytes.
    #[error("wrong padding in the piece at byte {offset}")]
    Padding {
        /// Where the piece starts.
        offset: usize,
    },
}

/// What a sender says of its own stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SenderInfo {
    /// Wall time, seconds from 1900 in the upper half.
    pub ntp: u64,
    /// The same moment on the media clock.
    pub timestamp: Timestamp,
    /// Packets sent.
    pub packets: u32,
    /// Bytes of payload sent.
    pub octets: u32,
}

/// What a receiver says of a stream that it hears.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// Whose stream.
    pub ssrc: Ssrc,
    /// Loss since the last report in 256ths.
    pub fraction_lost: u8,
    /// Loss since the start, negative where duplicates outweigh it; 24 bits go out.
    pub lost: i32,
    /// Highest sequence number with its cycles.
    pub highest: u32,
    /// Interarrival jitter.
    pub jitter: Ticks,
    /// Middle bits of the last SR's wall time, zero before the first.
    pub last_report: u32,
    /// Time since that SR in 1/65536 s.
    pub delay: u32,
}

/// One piece of a compound packet.
#[derive(Clone, Debug)]
pub enum Piece<'a> {
    /// SR.
    Sender {
        /// Who reports.
        ssrc: Ssrc,
        /// Its own stream.
        info: SenderInfo,
        /// What it hears.
        blocks: Blocks<'a>,
    },
    /// RR.
    Receiver {
        /// Who reports.
        ssrc: Ssrc,
        /// What it hears.
        blocks: Blocks<'a>,
    },
    /// The canonical name in the first chunk of SDES.
    Name {
        /// Whose.
        ssrc: Ssrc,
        /// The name; UTF-8 is not promised.
        cname: &'a [u8],
    },
    /// BYE: each source that leaves.
    Goodbye(Leavers<'a>),
    /// VoIP metrics of an extended report.
    Voip {
        /// Who reports.
        ssrc: Ssrc,
        /// What it hears.
        metrics: Metrics<'a>,
    },
    /// A kind that is not read, with its packet type.
    Other(u8),
}

/// The blocks of a report.
#[derive(Clone, Debug)]
pub struct Blocks<'a>(&'a [[u8; BLOCK_BYTES]]);

impl Iterator for Blocks<'_> {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        let (block, rest) = self.0.split_first()?;
        self.0 = rest;
        let lost = word(block, 4) & 0x00ff_ffff;
        Some(Block {
            ssrc: Ssrc(word(block, 0)),
            fraction_lost: (word(block, 4) >> 24) as u8,
            lost: ((lost << 8) as i32) >> 8,
            highest: word(block, 8),
            jitter: Ticks(word(block, 12)),
            last_report: word(block, 16),
            delay: word(block, 20),
        })
    }
}

/// The sources of a BYE.
#[derive(Clone, Debug)]
pub struct Leavers<'a>(&'a [[u8; 4]]);

impl Iterator for Leavers<'_> {
    type Item = Ssrc;

    fn next(&mut self) -> Option<Ssrc> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(Ssrc(u32::from_be_bytes(*first)))
    }
}

/// A compound packet that was found sound, piece by piece.
#[derive(Clone, Debug)]
pub struct Compound<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Compound<'a> {
    /// Checks every piece of a datagram.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtcpError> {
        let mut offset = 0;
        loop {
            offset = read(bytes, offset)?.1;
            if offset >= bytes.len() {
                return Ok(Self { bytes, offset: 0 });
            }
        }
    }
}

impl<'a> Iterator for Compound<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.offset >= self.bytes.len() {
            return None;
        }
        let (piece, next) = read(self.bytes, self.offset).ok()?;
        self.offset = next;
        Some(piece)
    }
}

/// Reads the piece at `offset` and says where the next one starts.
fn read(bytes: &[u8], offset: usize) -> Result<(Piece<'_>, usize), RtcpError> {
    let rest = bytes.get(offset..).unwrap_or_default();
    let truncated = |expected| RtcpError::Truncated { offset, expected, actual: rest.len() };
    let [flags, kind, l0, l1] = *rest.first_chunk::<4>().ok_or(truncated(4))?;
    if flags >> 6 != 2 {
        return Err(RtcpError::Version { offset, version: flags >> 6 });
    }
    let size = (usize::from(u16::from_be_bytes([l0, l1])) + 1) * 4;
    let next = offset + size;
    let mut body = rest.get(4..size).ok_or(truncated(size))?;
    if flags & 0x20 != 0 {
        let padding = usize::from(body.last().copied().unwrap_or(0));
        let keep = body.len().checked_sub(padding).filter(|_| padding > 0 && next == bytes.len());
        body = keep.and_then(|keep| body.get(..keep)).ok_or(RtcpError::Padding { offset })?;
    }
    let count = usize::from(flags & 0x1f);
    let short =
        |expected: usize| RtcpError::Truncated { offset, expected: expected + 4, actual: body.len() + 4 };
    let blocks = |start: usize| {
        let expected = start + count * BLOCK_BYTES;
        let content = body.get(start..expected).ok_or(short(expected))?;
        Ok(Blocks(content.as_chunks().0))
    };
    let piece = match kind {
        SENDER_REPORT => {
            let blocks = blocks(24)?;
            let ntp = (u64::from(word(body, 4)) << 32) | u64::from(word(body, 8));
            let info = SenderInfo {
                ntp,
                timestamp: Timestamp(word(body, 12)),
                packets: word(body, 16),
                octets: word(body, 20),
            };
            Piece::Sender { ssrc: Ssrc(word(body, 0)), info, blocks }
        }
        RECEIVER_REPORT => Piece::Receiver { blocks: blocks(4)?, ssrc: Ssrc(word(body, 0)) },
        DESCRIPTION if count > 0 => match cname(body) {
            Some(cname) => Piece::Name { ssrc: Ssrc(word(body, 0)), cname },
            None => Piece::Other(kind),
        },
        GOODBYE => Piece::Goodbye(Leavers(body.get(..count * 4).ok_or(short(count * 4))?.as_chunks().0)),
        EXTENDED => match body.split_at_checked(4) {
            Some((_, blocks)) => Piece::Voip { ssrc: Ssrc(word(body, 0)), metrics: Metrics(blocks) },
            None => return Err(short(4)),
        },
        _ => Piece::Other(kind), // the registry of packet types is open
    };
    Ok((piece, next))
}

/// The canonical name in the first chunk of an SDES body.
fn cname(body: &[u8]) -> Option<&[u8]> {
    let mut items = body.get(4..)?;
    while let [kind, length, rest @ ..] = items {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        match *kind {
            0 => return None,
            CNAME_ITEM => return Some(value),
            _ => items = after, // another item: NAME, TOOL and the like
        }
    }
    None
}

/// Four bytes as a number, zero where there are none.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u32::from_be_bytes(*word))
}

/// A compound to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Who sends it.
    pub ssrc: Ssrc,
    /// Makes it an SR.
    pub sender: Option<SenderInfo>,
    /// What we hear, if anything.
    pub block: Option<Block>,
    /// What we think of what we hear, if that is to be told.
    pub voip: Option<VoipMetrics>,
    /// Our canonical name; cut at [`MAX_CNAME_BYTES`].
    pub cname: &'a [u8],
    /// Whether we leave.
    pub goodbye: bool,
}

impl Report<'_> {
    /// Writes the compound; `None` if `out` is too small.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let mut out = Writer { out, at: 0 };
        let count = u8::from(self.block.is_some());
        let words = 1 + if self.sender.is_some() { 5 } else { 0 } + if self.block.is_some() { 6 } else { 0 };
        out.head(count, if self.sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT }, words)?;
        out.word(self.ssrc.0)?;
        if let Some(sender) = self.sender {
            out.word((sender.ntp >> 32) as u32)?;
            out.word(sender.ntp as u32)?;
            out.word(sender.timestamp.0)?;
            out.word(sender.packets)?;
            out.word(sender.octets)?;
        }
        if let Some(block) = self.block {
            let lost = block.lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0x00ff_ffff;
            out.word(block.ssrc.0)?;
            out.word((u32::from(block.fraction_lost) << 24) | lost)?;
            out.word(block.highest)?;
            out.word(block.jitter.0)?;
            out.word(block.last_report)?;
            out.word(block.delay)?;
        }
        let cname = self.cname.get(..MAX_CNAME_BYTES).unwrap_or(self.cname);
        // At least one zero ends the list of items, and more of them fill the last word.
        let padded = (cname.len() + 2) / 4 * 4 + 4;
        out.head(1, DESCRIPTION, (padded / 4 + 1) as u16)?;
        out.word(self.ssrc.0)?;
        out.bytes(&[CNAME_ITEM, cname.len() as u8])?;
        out.bytes(cname)?;
        out.bytes([0; 4].get(..padded - cname.len() - 2)?)?;
        if let Some(voip) = self.voip {
            let block = voip.to_bytes();
            out.head(0, EXTENDED, 1 + (block.len() / 4) as u16)?;
            out.word(self.ssrc.0)?;
            out.bytes(&block)?;
        }
        if self.goodbye {
            out.head(1, GOODBYE, 1)?;
            out.word(self.ssrc.0)?;
        }
        Some(out.at)
    }
}

struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    /// The head of a piece whose body has `words` words.
    fn head(&mut self, count: u8, kind: u8, words: u16) -> Option<()> {
        let [l0, l1] = words.to_be_bytes();
        self.bytes(&[0x80 | count, kind, l0, l1])
    }

    fn word(&mut self, word: u32) -> Option<()> {
        self.bytes(&word.to_be_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.out.get_mut(self.at..self.at + bytes.len())?.copy_from_slice(bytes);
        self.at += bytes.len();
        Some(())
    }
}
