//! What goes wrong when somebody wants it.

use tipring_call::Machine;
use tipring_gateway::{Injury, Input, LineStage, Request, RequestId};
use tipring_media::{Processing, Stage};
use tipring_units::{LineId, Millis};

use super::World;
use crate::network::{DnsFault, Weather};
use crate::plant::{Damage, Fidelity};

/// Something that goes wrong, or right again.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fault {
    /// The network's weather changes, for a while or for good.
    Weather(Weather, Option<Millis>),
    /// Nothing reaches this far end any more, or it does again.
    Dead(usize, bool),
    /// This far end's host is there but nobody listens, or somebody does again.
    Closed(usize, bool),
    /// The name server.
    Dns(DnsFault),
    /// The disk takes no call records any more, or does again.
    Store(bool),
    /// The calendar jumps by so many seconds.
    Clock(i64),
    /// A line's machine panics in its next tick.
    PanicLine(LineId),
    /// The next thing that the switch does for this line panics.
    PanicCall(LineId),
    /// The leg that was opened last panics in its next tick.
    PanicLeg,
    /// The latest far leg's session panics in its next step.
    PanicSession,
    /// The latest call panics when the switch does something for it next.
    PanicSwitch,
    /// The same for the far leg of the latest call that has one.
    PanicFar,
    /// The card stops, or runs again.
    Card(bool),
    /// Samples are inserted or lost on a line.
    Slip(LineId, i16),
    /// A line is put in service or taken out.
    InService(LineId, bool),
    /// The pair of a line is damaged, or mended.
    Damage(LineId, Damage),
    /// Somebody wants a line tested.
    Test(LineId),
    /// The gateway stops in order.
    Stop,
}

impl<A: Processing + Fidelity> World<A> {
    /// Lets something go wrong.
    pub fn fault(&mut self, fault: Fault) {
        let now = self.now;
        match fault {
            Fault::Weather(weather, length) => {
                self.network.set_weather(weather, length.map(|length| now + length));
            }
            Fault::Dead(place, dead) => {
                if let Some(peer) = self.peers.get(place) {
                    self.network.cut(peer.spec().address.ip(), dead);
                }
            }
            Fault::Closed(place, closed) => {
                if let Some(peer) = self.peers.get(place) {
                    let address = peer.spec().address;
                    if closed {
                        self.network.close(address);
                        self.network.break_streams(now, address.ip());
                    } else {
                        self.network.open(address);
                    }
                }
            }
            Fault::Dns(fault) => self.network.dns().set_fault(fault),
            Fault::Store(works) => self.disk.fails = !works,
            Fault::Clock(seconds) => {
                if let Some(checks) = &mut self.checks {
                    checks.calendar_jumped();
                }
                self.wall_offset = self.wall_offset.saturating_add(seconds.saturating_mul(1_000_000));
            }
            Fault::PanicLine(line) => {
                if let Some(shard) = self.shard_of(line) {
                    self.wake(shard);
                    self.shards[shard].shard.injure(line, LineStage::Sense);
                }
            }
            Fault::PanicCall(line) => {
                self.tell(Input::Injure(Injury::Machine(Machine::Line(line))));
            }
            Fault::PanicLeg => {
                if let Some((place, leg)) = self.last_leg {
                    self.wake(place);
                    self.shards[place].shard.injure_leg(leg, Stage::Play);
                }
            }
            Fault::PanicSession => self.tell(Input::Injure(Injury::LatestSession)),
            Fault::PanicSwitch => self.tell(Input::Injure(Injury::LatestCall)),
            Fault::PanicFar => self.tell(Input::Injure(Injury::LatestLeg)),
            Fault::Card(runs) => {
                for place in 0..self.shards.len() {
                    self.wake(place);
                }
                self.lab.card().stop(!runs);
                self.card_stopped = (!runs).then_some(now);
            }
            Fault::Slip(line, samples) => {
                if let Some(shard) = self.shard_of(line) {
                    self.wake(shard);
                }
                self.lab.card().slip(line, samples);
            }
            Fault::InService(line, on) => {
                self.tell(Input::Request(RequestId(0), Request::InService(line, on)));
            }
            Fault::Damage(line, damage) => {
                if let Some(shard) = self.shard_of(line) {
                    self.wake(shard);
                }
                if let Some(line) = self.lab.line_mut(line) {
                    line.damage(damage);
                }
            }
            Fault::Test(line) => self.tell(Input::Request(RequestId(0), Request::Test(line))),
            Fault::Stop => self.tell(Input::Request(RequestId(0), Request::Stop)),
        }
    }
}
