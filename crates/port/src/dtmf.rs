//! What a receiver of DTMF accepts, administration by administration.

use tipring_units::{Db, Dbm0, Hz};

/// What a detector accepts, where administrations differ.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DtmfProfile {
    /// Lowest level of either frequency: the sensitivity.
    pub level_min: Dbm0,
    /// How far the high group may be above the low group.
    pub twist_forward: Db,
    /// How far the low group may be above the high group.
    pub twist_reverse: Db,
    /// How far either frequency may be from its nominal value: percent of it, and hertz on top.
    pub offset_percent: f32,
    /// The hertz on top.
    pub offset: Hz,
}

impl DtmfProfile {
    /// ITU-T Q.24 Annex A, AT&T: twist +4 dB to -8 dB; 0 to -25 dBm operates, -55 does not; 1.5 %.
    pub const NORTH_AMERICA: Self = Self::column(-36.0, [4.0, 8.0], [1.5, 0.0]);
    /// Annex A, NTT: -3 to -24 dBm operates, -29 does not; twist 5 dB; 1.8 %.
    pub const JAPAN: Self = Self::column(-25.0, [5.0, 5.0], [1.8, 0.0]);
    /// Annex A, Denmark: -2 to -27 dBm operates, -36 does not; twist 6 dB; 1.5 % + 2 Hz.
    pub const DENMARK: Self = Self::column(-30.0, [6.0, 6.0], [1.5, 2.0]);
    /// Annex A, Australia: -5 to -27 dBm operates, -30 does not; twist 10 dB; 1.5 % + 4 Hz.
    pub const AUSTRALIA: Self = Self::column(-27.0, [10.0, 10.0], [1.5, 4.0]);
    /// Annex A, Brazil: -3 to -25 dBm operates, -50 does not; twist 9 dB; 1.8 %.
    pub const BRAZIL: Self = Self::column(-36.0, [9.0, 9.0], [1.8, 0.0]);

    const fn column(level_min: f32, twist: [f32; 2], offset: [f32; 2]) -> Self {
        Self {
            level_min: Dbm0(level_min),
            twist_forward: Db(twist[0]),
            twist_reverse: Db(twist[1]),
            offset_percent: offset[0],
            offset: Hz(offset[1]),
        }
    }
}

impl Default for DtmfProfile {
    /// Levels down to -38 dBm0, twist up to 8 dB both ways, 1.5 % + 2 Hz: more than most exchanges want.
    fn default() -> Self {
        Self::column(-38.0, [8.0, 8.0], [1.5, 2.0])
    }
}
