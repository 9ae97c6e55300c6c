//! No panic but those that were injected.
//!
//! # What it does
//! Counts panics that nobody asked for, and keeps what they say; hides the messages of those that were injected.
//!
//! # How
//! By the panic hook of the program, which is changed once. What happened is kept for each thread, so that several
//! worlds can run side by side.
//!
//! # Limits
//! Injected panics are known by their words.
//!
//! # Standard
//! None.

use core::cell::{Cell, RefCell};
use std::panic;
use std::sync::Once;

/// Panics whose words are kept, at the most.
pub const MAX_KEPT: usize = 16;
/// How the words of injected panics begin.
const INJECTED: [&str; 3] = ["injured by a test", "injected fault", "sabotage"];

thread_local! {
    static WATCHING: Cell<bool> = const { Cell::new(false) };
    static KEPT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static INJECTED_SEEN: Cell<u64> = const { Cell::new(0) };
}

static HOOK: Once = Once::new();

/// Watches panics on this thread from now on, or no longer.
pub fn watch(on: bool) {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !WATCHING.with(Cell::get) {
                before(info);
                return;
            }
            let payload = info.payload();
            let words = payload.downcast_ref::<&str>().map(|words| (*words).to_owned());
            let words = words.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
            if is_injected(&words) {
                INJECTED_SEEN.with(|count| count.set(count.get() + 1));
                return;
            }
            let place = info.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
            KEPT.with(|kept| {
                let mut kept = kept.borrow_mut();
                if kept.len() < MAX_KEPT {
                    kept.push(format!("panic at {place}: {words}"));
                }
            });
        }));
    });
    WATCHING.with(|watching| watching.set(on));
    if on {
        INJECTED_SEEN.with(|count| count.set(0));
        KEPT.with(|kept| kept.borrow_mut().clear());
    }
}

fn is_injected(words: &str) -> bool {
    INJECTED.iter().any(|begin| words.starts_with(begin))
}

/// Panics on this thread that nobody asked for, since the last call.
pub fn take() -> Vec<String> {
    KEPT.with(|kept| core::mem::take(&mut *kept.borrow_mut()))
}

/// Injected panics on this thread since it is watched.
pub fn injected() -> u64 {
    INJECTED_SEEN.with(Cell::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_nobody_injected_is_seen() {
        watch(true);
        assert!(panic::catch_unwind(|| panic!("injected fault in a test")).is_err());
        assert!(take().is_empty());
        assert!(panic::catch_unwind(|| panic!("a defect")).is_err());
        let seen = take();
        watch(false);
        assert!(seen.len() == 1 && seen[0].ends_with("a defect"), "{seen:?}");
        assert_eq!(injected(), 1);
    }
}
