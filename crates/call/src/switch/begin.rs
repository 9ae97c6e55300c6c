//! How a call begins: who calls, what it may call, and the ways that it goes.

use tipring_units::{CallId, LineId};

use super::Switch;
use super::divert::Came;
use super::referred::Sent;
use crate::call::{Beginning, Call, Follows};
use crate::features::Flag;
use crate::outbox::{Order, Wish};
use crate::plan::Selection;
use crate::route::{Attempt, Map, Target};
use crate::routes::{Rewrites, changed};
use crate::station::Station;
use crate::{
    Alarm, CallEvent, Cause, Destination, ForwardsAt, Identity, MAX_CALLS, NightClass, Number, Party,
    Permission, Presentation, Priority, RESERVED, ServerName, Via,
};

/// What a call begins with, and where it goes.
struct Start {
    from: Identity,
    came_by: Option<Via>,
    ways: Result<Vec<Attempt>, Cause>,
    two_stage: bool,
}

impl Switch {
    pub(super) fn begin(&mut self, call: CallId, caller: Party, wish: Wish) {
        let wish = self.as_it_comes_in(caller, wish);
        let (dialled, emergency) = self.what_is_dialled(caller, &wish);
        let follows = match wish {
            Wish::Referred { of, leg, .. } => Some(Follows { of, leg }),
            Wish::Selected { .. }
            | Wish::Nothing { .. }
            | Wish::Incoming { .. }
            | Wish::Lifted
            | Wish::Desk { .. }
            | Wish::Outside { .. }
            | Wish::Disa { .. } => None,
        };
        let ring = match wish {
            Wish::Incoming { ring, .. } => ring,
            _ => None, // only who comes from afar can ask
        };
        let completes = match wish {
            Wish::Selected { completes, .. } => completes,
            _ => None, // only a telephone waits for a call
        };
        let (priority, room) = if emergency {
            (Priority::Emergency, MAX_CALLS)
        } else {
            match self.urgency(caller) {
                Priority::Normal => (Priority::Normal, MAX_CALLS - RESERVED),
                high @ (Priority::High | Priority::Emergency) => (high, MAX_CALLS),
            }
        };
        if self.calls.len() >= room {
            self.out.alarm(Alarm::Full);
            match wish {
                Wish::Referred { of, .. } => self.answer_referral(call, of, Err(Cause::NoRoom)),
                _ => self.out.tell_party(caller, call, Order::Over(Cause::NoRoom)),
            }
            return;
        }
        let own = match caller {
            Party::Line(line) if self.is_outside(line) => Some(line),
            Party::Line(_) | Party::Far(_) => None,
        };
        let came = self.came(&wish);
        let Start { from, came_by, ways, two_stage } = self.find_ways(caller, wish, own);
        let ways =
            ways.and_then(|ways| if self.stopping { Err(Cause::Stopping) } else { without(ways, caller) });
        let ways = match ways {
            Ok(ways) if !emergency => self.rooms_apart(ways, caller),
            ways => ways,
        };
        let ways = match ways {
            // Nothing is forwarded or refused that may save somebody.
            Ok(ways) if priority == Priority::Normal => {
                self.diverted(ways, from, own, came).and_then(|ways| without(ways, caller))
            }
            ways => ways,
        };
        let shown = match (priority, self.setup.emergency.callback) {
            (Priority::Emergency, Some(callback)) => Identity { number: callback, ..from },
            (Priority::Emergency | Priority::High | Priority::Normal, _) => from,
        };
        let mut targets = ways.iter().flatten().flat_map(|way| &way.targets);
        let data = self.is_data(caller)
            || targets.any(|target| match target {
                Target::Line(line) => self.is_data(Party::Line(*line)),
                Target::User(_) | Target::Server { .. } | Target::Outside { .. } | Target::Back(_) => false,
            });
        if let Wish::Referred { of, .. } = wish {
            let answer = ways.as_ref().map(|_| ()).map_err(|cause| *cause);
            self.answer_referral(call, of, answer);
            if answer.is_err() {
                return;
            }
        }
        let beginning = Beginning {
            call,
            caller,
            from: shown,
            came_by,
            dialled,
            priority,
            data,
            two_stage,
            outside: own.is_some(),
            notice: false,
            follows,
            test: None,
            ring,
            completes,
        };
        self.start(beginning, ways);
        if emergency {
            self.tell_desk(call, caller, from, dialled);
        }
    }

    /// An emergency number was dialled on an exchange's own dial tone: the call is one from now on.
    pub(super) fn emergency_dialled(&mut self, id: CallId, caller: Party, dialled: Number) {
        if !self.calls.contains_key(&id) {
            return;
        }
        self.with_call(id, |call, _, out| call.becomes_emergency(out));
        let from = self.line_identity(caller).0;
        self.tell_desk(id, caller, from, dialled);
    }

    pub(super) fn start(&mut self, beginning: Beginning, ways: Result<Vec<Attempt>, Cause>) {
        let id = beginning.call;
        self.calls.insert(id, Call::new(beginning, self.clock));
        let timers = self.setup.timers;
        self.with_call(id, |call, clock, out| call.start(ways, clock, timers, out));
    }

    /// The number as dialled, and whether it is of an emergency service.
    fn what_is_dialled(&self, caller: Party, wish: &Wish) -> (Number, bool) {
        match *wish {
            Wish::Selected { selection, .. } => (selection.dialled, selection.is_emergency()),
            Wish::Disa { selection, trusted, .. } => (selection.dialled, trusted && selection.is_emergency()),
            Wish::Nothing { dialled, .. } => (dialled, false),
            Wish::Incoming { to, via: Via::User(_), .. } => {
                (to, self.read(to).is_ok_and(|one| one.is_emergency()))
            }
            Wish::Incoming { to, via: Via::Server(name), .. } => {
                let selection = self.server_selection(name, to);
                (to, selection.is_some_and(|(one, _)| one.is_ok_and(|one| one.is_emergency())))
            }
            Wish::Referred { to, .. } => (to, false),
            Wish::Lifted => (Number::EMPTY, false),
            Wish::Desk { key } => (key, false),
            Wish::Outside { .. } => {
                let line = self.setup.lines.iter().find(|one| Party::Line(one.line) == caller);
                (line.map_or(Number::EMPTY, |line| line.number), false)
            }
        }
    }

    /// The numbers of a call that comes in, as the configuration wants them.
    fn as_it_comes_in(&self, caller: Party, wish: Wish) -> Wish {
        let rewrites = &self.setup.rewrites;
        let shown = |rules: Option<&Rewrites>, from: Identity| {
            let number = rules.map_or(from.number, |own| changed(&own.caller_in, from.number).0);
            Identity { number, ..from }
        };
        let line = self.setup.lines.iter().find(|line| Party::Line(line.line) == caller);
        let line = line.and_then(|line| rewrites.lines.get(&line.number));
        match wish {
            Wish::Incoming { to, from, via: via @ Via::Server(name), ring, diverted } => {
                let own = rewrites.servers.get(&name);
                let to = own.map_or(to, |own| changed(&own.called_in, to).0);
                Wish::Incoming { to, from: shown(own, from), via, ring, diverted }
            }
            Wish::Outside { from } => Wish::Outside { from: shown(line, from) },
            Wish::Disa { selection, from, may_call, trusted } => {
                Wish::Disa { selection, from: shown(line, from), may_call, trusted }
            }
            Wish::Referred { of, leg, server: Some(name), from, to, place: false } => {
                let to = rewrites.servers.get(&name).map_or(to, |own| changed(&own.called_in, to).0);
                Wish::Referred { of, leg, server: Some(name), from, to, place: false }
            }
            Wish::Incoming { via: Via::User(_), .. }
            | Wish::Referred { .. }
            | Wish::Selected { .. }
            | Wish::Nothing { .. }
            | Wish::Lifted
            | Wish::Desk { .. } => wish,
        }
    }

    pub(super) fn read(&self, to: Number) -> Result<Selection, Cause> {
        self.plan.read_whole(to.as_str(), self.is_offline())
    }

    /// What the dial plan makes of a number that a server asks for and no telephone has, where the server may use it.
    fn server_selection(
        &self,
        name: ServerName,
        to: Number,
    ) -> Option<(Result<Selection, Cause>, Permission)> {
        if self.map(None).house_of(to).is_some() {
            return None;
        }
        let server = self.setup.servers.iter().find(|one| one.name == name)?;
        Some((self.read(to), server.may_call?))
    }

    /// Who calls, and where the call goes. `own`: the outside line that calls, if one does.
    fn find_ways(&self, caller: Party, wish: Wish, own: Option<LineId>) -> Start {
        let start = |from, ways| Start { from, came_by: None, ways, two_stage: false };
        match wish {
            Wish::Selected { selection, shown, .. } => {
                // Who helps has to know who calls.
                let shown = if selection.is_emergency() { Some(true) } else { shown };
                let (from, permission) = self.dialling_identity(caller, shown);
                start(from, self.allowed(selection, permission, own))
            }
            Wish::Nothing { cause, .. } => start(self.line_identity(caller).0, Err(cause)),
            Wish::Referred { server, from, to, place, .. } => {
                let sent = Sent { server, from, to, place };
                let (from, ways) = self.referred_ways(caller, sent);
                start(from, ways)
            }
            Wish::Lifted => {
                let phone = self.setup.phones.iter().find(|phone| Party::Line(phone.line) == caller);
                let dials = phone.map(|phone| phone.dials.as_slice()).unwrap_or_default();
                let each = phone.and_then(|phone| phone.duty.hotline.each);
                let ways = self.map(own).lifted(dials, each);
                Start { two_stage: true, ..start(self.line_identity(caller).0, ways) }
            }
            Wish::Desk { .. } => start(self.line_identity(caller).0, self.desk_ways(caller, own)),
            Wish::Outside { from } => {
                let line = self.setup.lines.iter().find(|one| Party::Line(one.line) == caller);
                let ways = line.map(|line| self.map(own).incoming(line, self.clock.wall));
                start(from, ways.unwrap_or(Err(Cause::NoWay)))
            }
            Wish::Disa { selection, from, may_call, trusted } => {
                start(from, self.disa_ways(selection, may_call, trusted, own))
            }
            Wish::Incoming { to, from, via: Via::Server(name), .. } => {
                Start { came_by: Some(Via::Server(name)), ..start(from, self.server_ways(name, to)) }
            }
            Wish::Incoming { to, from, via: Via::User(number), .. } => {
                let (from, ways) = self.find_user_ways(number, to, from);
                Start { came_by: Some(Via::User(number)), ..start(from, ways) }
            }
        }
    }

    pub(super) fn allowed(
        &self,
        selection: Selection,
        permission: Permission,
        own: Option<LineId>,
    ) -> Result<Vec<Attempt>, Cause> {
        if selection.is_barred_for(permission) { Err(Cause::Barred) } else { self.map(own).ways(&selection) }
    }

    /// Who called in and has no PIN reaches the telephones of the house, and nobody else.
    fn disa_ways(
        &self,
        selection: Selection,
        may_call: Permission,
        trusted: bool,
        own: Option<LineId>,
    ) -> Result<Vec<Attempt>, Cause> {
        let ways = self.allowed(selection, may_call, own)?;
        let inside = |target: &Target| match target {
            Target::Line(_) | Target::User(_) => true,
            Target::Server { .. } | Target::Outside { .. } | Target::Back(_) => false,
        };
        // A group's members are the configuration's choice.
        let own = ways.iter().filter(|way| way.turn.is_none());
        let allowed = trusted || own.flat_map(|way| &way.targets).all(inside);
        if allowed { Ok(ways) } else { Err(Cause::Barred) }
    }

    /// A call from a server reaches a telephone; where the configuration lets the server, what the dial plan says of
    /// any other number, or anybody outside could call out through this box.
    pub(super) fn server_ways(&self, name: ServerName, to: Number) -> Result<Vec<Attempt>, Cause> {
        let map = self.map(None);
        if let Some(ways) = map.house_of(to) {
            return Ok(ways);
        }
        let planned = self.server_selection(name, to).map(|(selection, permission)| {
            let selection = selection?;
            // Without a plan all numbers go to the first server: that is for telephones, not for servers.
            let by_plan = self.setup.dial.is_some() || selection.is_emergency();
            let ways = self.allowed(selection, permission, None)?;
            let goes = |way: &Attempt| match way.targets.as_slice() {
                [Target::Server { name: to, .. }] => by_plan && *to != name,
                _ => true,
            };
            let ways: Vec<Attempt> = ways.into_iter().filter(goes).collect();
            if ways.is_empty() { Err(Cause::UNALLOCATED) } else { Ok(ways) }
        });
        let fallback = || map.fallback_of(name);
        match planned {
            Some(Err(Cause::NoRule | Cause::UNALLOCATED | Cause::INCOMPLETE)) | None => {
                fallback().ok_or(Cause::UNALLOCATED)
            }
            Some(planned) => planned,
        }
    }

    /// A telephone that registers here dials as a line does, and shows what the configuration says of it.
    fn find_user_ways(
        &self,
        number: Number,
        to: Number,
        from: Identity,
    ) -> (Identity, Result<Vec<Attempt>, Cause>) {
        let Some(user) = self.setup.users.iter().find(|user| user.number == number) else {
            return (from, Err(Cause::Barred));
        };
        let name = if user.name.is_empty() { from.name } else { user.name };
        let from = Identity { number, name, presentation: from.presentation };
        (
            from,
            self.read(to).and_then(|selection| {
                self.allowed(selection, self.class_of(user.night, user.may_call), None)
            }),
        )
    }

    /// Rings the desk and shows it who made an emergency call. The desk hears a tone for an answer; the one who called
    /// is in no way held up by it.
    fn tell_desk(&mut self, of: CallId, caller: Party, from: Identity, dialled: Number) {
        let Some(to) = self.setup.emergency.notify else { return };
        let call = self.out.new_call();
        let sent = self.plan.emergency(dialled.as_str()).unwrap_or(dialled);
        let name = format!("{sent} {}", from.name);
        let shown = Identity::new(from.number.as_str(), name.trim_end());
        self.out.event(CallEvent::EmergencyNotice { call: of, notice: call, shown });
        let number = match to {
            Destination::Number(number) => number,
            Destination::Server { number, .. }
            | Destination::Lines { number }
            | Destination::Line { number, .. } => number.unwrap_or(Number::EMPTY),
            Destination::Phones | Destination::Route(_) => Number::EMPTY,
        };
        let ways = if self.calls.len() >= MAX_CALLS {
            Err(Cause::NoRoom)
        } else {
            self.map(None).way(to, number).and_then(|ways| without(ways, caller))
        };
        let beginning = Beginning {
            call,
            caller,
            from: shown,
            came_by: None,
            dialled,
            priority: Priority::Normal,
            data: false,
            two_stage: false,
            outside: false,
            notice: true,
            follows: None,
            test: None,
            ring: None,
            completes: None,
        };
        self.start(beginning, ways);
    }

    pub(super) fn map(&self, own: Option<LineId>) -> Map<'_> {
        Map {
            setup: &self.setup,
            down: &self.down,
            stations: &self.lines,
            taken: self.taken,
            own,
            groups: &self.groups,
            depth: 0,
            emergency: false,
        }
    }

    /// What forwarding has to know of how a call came in.
    fn came(&self, wish: &Wish) -> Came {
        let Wish::Incoming { via, diverted, .. } = wish else { return Came::default() };
        let back = match via {
            Via::Server(name) => {
                let server = self.setup.servers.iter().find(|one| one.name == *name);
                server.filter(|one| one.forwards == ForwardsAt::Server).map(|one| one.name)
            }
            Via::User(_) => None,
        };
        Came { back, before: *diverted }
    }

    pub(super) fn is_outside(&self, line: LineId) -> bool {
        self.lines.get(&line).and_then(Station::outside).is_some()
    }

    /// Who dials, with or without its number, and what it may call now.
    pub(super) fn dialling_identity(&self, caller: Party, shown: Option<bool>) -> (Identity, Permission) {
        let (from, permission) = self.line_identity(caller);
        let phone = self.setup.phones.iter().find(|phone| Party::Line(phone.line) == caller);
        let Some(phone) = phone else { return (from, permission) };
        let hides = shown.map_or_else(|| self.is_set(phone, Flag::Hide), |shown| !shown);
        let presentation = if hides { Presentation::Private } else { from.presentation };
        (Identity { presentation, ..from }, self.permission(phone))
    }

    pub(super) fn line_identity(&self, caller: Party) -> (Identity, Permission) {
        let phone = self.setup.phones.iter().find(|phone| Party::Line(phone.line) == caller);
        phone.map_or((Identity::default(), Permission::Internal), |phone| {
            (
                Identity { number: phone.number, name: phone.name, ..Identity::default() },
                self.class_of(phone.night, phone.may_call),
            )
        })
    }

    /// What may be called now.
    pub(super) fn class_of(&self, night: Option<NightClass>, by_day: Permission) -> Permission {
        NightClass::at(night, by_day, self.plan.minute())
    }

    /// A fax or a modem is configured there.
    fn is_data(&self, party: Party) -> bool {
        self.setup.phones.iter().any(|phone| phone.data && Party::Line(phone.line) == party)
    }
}

/// The ways without the caller itself, also where a call is forwarded to it.
pub(super) fn without(mut ways: Vec<Attempt>, caller: Party) -> Result<Vec<Attempt>, Cause> {
    for way in &mut ways {
        way.targets.retain(|target| !matches!(target, Target::Line(line) if Party::Line(*line) == caller));
        let forwards = core::mem::take(&mut way.forwards).into_iter();
        way.forwards =
            forwards.filter_map(|(when, ways)| Some((when, without(ways, caller).ok()?))).collect();
    }
    ways.retain(Attempt::is_of_use);
    if ways.is_empty() { Err(Cause::BUSY) } else { Ok(ways) }
}
