//! What has to hold when no news is under way, and when all have hung up.

use tipring_call::{CallView, LineDoing, Party};
use tipring_port::LineEvent;
use tipring_units::LineId;

use crate::exchange::Port;
use crate::far_end::LegState;
use crate::{LINES, World};

impl World {
    /// With no news under way the switch and the telephones agree.
    pub fn check_agreement(&self) {
        for (index, telephone) in self.telephones.iter().enumerate() {
            let line = self.switch.line(LineId(index as u16)).unwrap();
            let about = format!("seed {}: line {index} {:?}", self.seed, line.doing);
            assert_eq!(line.epoch, telephone.epoch, "{about}");
            match line.doing {
                LineDoing::Idle
                | LineDoing::OutOfService
                | LineDoing::Parked
                | LineDoing::InUse
                | LineDoing::Releasing => {
                    assert!(line.held.is_empty(), "{about} holds {:?}", line.held);
                }
                LineDoing::Ringing
                | LineDoing::Dialling
                | LineDoing::Waiting
                | LineDoing::Talking
                | LineDoing::Told => {}
            }
            match line.doing {
                LineDoing::Ringing => assert!(telephone.ringing && !telephone.off_hook, "{about}"),
                LineDoing::Idle | LineDoing::OutOfService | LineDoing::InUse | LineDoing::Releasing => {
                    assert!(!telephone.ringing, "{about}")
                }
                LineDoing::Dialling
                | LineDoing::Waiting
                | LineDoing::Talking
                | LineDoing::Told
                | LineDoing::Parked => assert!(telephone.off_hook && !telephone.ringing, "{about}"),
            }
            assert!(line.held.len() + usize::from(line.active.is_some()) <= tipring_call::MAX_CALLS_PER_LINE);
        }
        for (index, exchange) in self.exchanges.iter().enumerate() {
            let line = self.switch.line(LineId((LINES + index) as u16)).unwrap();
            let about = format!("seed {}: {} {:?}, {:?}", self.seed, line.line, line.doing, exchange.port);
            assert_eq!(line.epoch, exchange.epoch, "{about}");
            match line.doing {
                LineDoing::Idle | LineDoing::InUse | LineDoing::OutOfService => {
                    assert!(!exchange.is_off_hook(), "{about}: left seized");
                }
                LineDoing::Ringing => assert!(matches!(exchange.port, Port::Ringing { .. }), "{about}"),
                // What is about to be seized again rests for a moment.
                LineDoing::Dialling | LineDoing::Releasing => {}
                LineDoing::Waiting | LineDoing::Talking | LineDoing::Told => {
                    assert!(exchange.is_off_hook(), "{about}");
                }
                LineDoing::Parked => panic!("{about}"),
            }
            // Off-hook it is in a call, or in one that is just being dialled or told of.
            let alone = matches!(line.doing, LineDoing::Dialling | LineDoing::Told | LineDoing::Releasing);
            assert!(!exchange.is_off_hook() || alone || line.active.is_some(), "{about}: left seized");
        }
        for call in self.switch.calls(self.now) {
            if call.joined.is_some() || call.on_its_way || self.notices.contains(&call.call) {
                continue; // its telephone has left, or has nothing to do with it
            }
            let mine = |party: Party| match party {
                Party::Line(line) => self
                    .switch
                    .line(line)
                    .is_some_and(|line| line.active == Some(call.call) || line.held.contains(&call.call)),
                Party::Far(leg) => self.switch.legs().any(|(id, of, _)| id == leg && of == call.call),
            };
            assert!(mine(call.caller) && call.called.is_some_and(mine), "seed {}: {call:?}", self.seed);
        }
    }

    /// The telephones are on-hook for long. A line that is still off-hook is in a call with somebody who is not; one
    /// that was seized as it rang rings the house as long as its caller waits.
    pub fn exchanges_leave(&mut self) {
        for (index, exchange) in self
            .exchanges
            .iter()
            .enumerate()
            .filter(|(_, one)| one.is_off_hook() && !matches!(one.port, Port::Ringing { .. }))
        {
            let line = self.switch.line(LineId((LINES + index) as u16)).unwrap();
            let call = self.switch.calls(self.now).find(|call| Some(call.call) == line.active);
            let about = format!("seed {}: {} {:?} {:?}", self.seed, line.line, line.doing, exchange.port);
            assert!(call.is_some_and(|call| self.lasts(&call)), "{about}: left seized in {call:?}");
        }
        for exchange in &mut self.exchanges {
            exchange.leave();
            if exchange.in_use {
                exchange.in_use = false;
                exchange.events.push_back((exchange.epoch, LineEvent::InUse(false)));
            }
            if exchange.dead {
                exchange.dead = false;
                let cleared = LineEvent::FaultCleared(tipring_port::LineFault::NoBattery);
                exchange.events.push_back((exchange.epoch, cleared));
            }
        }
        self.settle();
    }

    /// True if no telephone is in the call any more: it lasts until one of its ends clears.
    pub fn lasts(&self, call: &CallView) -> bool {
        let elsewhere = |party| match party {
            Party::Far(_) => true,
            Party::Line(line) => usize::from(line.0) >= LINES,
        };
        call.joined.is_some() || (elsewhere(call.caller) && call.called.is_some_and(elsewhere))
    }

    pub fn check_idle(&self) {
        let seed = self.seed;
        assert_eq!(self.switch.calls(self.now).count(), 0, "seed {seed}: calls left");
        assert_eq!(self.switch.legs().count(), 0, "seed {seed}: legs left");
        for line in self.switch.lines() {
            assert_eq!(line.doing, LineDoing::Idle, "seed {seed}: {}", line.line);
            assert!(line.held.is_empty(), "seed {seed}: {} holds", line.line);
        }
        assert_eq!(self.switch.deadline(), None, "seed {seed}: a timer runs");
        assert!(self.paths.is_empty(), "seed {seed}: sound paths left: {:?}", self.paths);
        assert!(self.tones.is_empty(), "seed {seed}: tones left");
        assert!(self.far.values().all(|far| far.state == LegState::Dead), "seed {seed}: far ends left");
        assert!(self.telephones.iter().all(|one| !one.ringing), "seed {seed}: a telephone rings");
        assert_eq!(self.created, self.recorded, "seed {seed}: calls are not records");
    }
}
