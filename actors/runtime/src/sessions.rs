//! Who is behind the sessions of the pool, remembered: a row says it in many fields, and every call asks.
//!
//! Invariants: what is remembered is used only while the view has the row in the very state that it was read from, so a session that ended
//! is nobody's at once; secrets are not kept, only rows (A9).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use xenith_classes::Caller;
use xenith_classes::session::{caller_of_row, row_ref};
use xenith_datamodel::{ApiError, ClassId, Ref, class};
use xenith_pooldb::View;

/// More than a pool has sessions; when it is full everything is read anew.
const MOST: usize = 4096;

pub(crate) struct Sessions {
    class: Option<ClassId>,
    remembered: Mutex<BTreeMap<Ref, Remembered>>,
}

struct Remembered {
    /// At which generations the row was made and changed.
    state: (u64, u64),
    caller: Caller,
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions {
            class: class("session"),
            remembered: Mutex::default(),
        }
    }
}

impl Sessions {
    /// As [`xenith_classes::session::check`].
    pub(crate) fn check(&self, view: &View, secret: &Ref) -> Result<Caller, ApiError> {
        let row = row_ref(secret);
        let state = self.class.and_then(|class| view.generations(class, &row));
        let Some(state) = state else {
            return Err(ApiError::session_invalid(secret));
        };
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = remembered.get(&row).filter(|found| found.state == state) {
            return Ok(found.caller.clone());
        }
        let caller = caller_of_row(view, &row).map_err(|_| ApiError::session_invalid(secret))?;
        if remembered.len() >= MOST {
            remembered.clear();
        }
        let kept = caller.clone();
        remembered.insert(row, Remembered { state, caller: kept });
        Ok(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xenith_pooldb::Transaction;

    #[test]
    fn a_session_is_who_its_row_says_now() {
        let (sessions, secret) = (Sessions::default(), Ref::new("secret"));
        let (class, row) = (class("session").unwrap(), row_ref(&secret));
        let named = |view: &View, user: &str| {
            let mut tx = Transaction::new(1);
            let user = (class.column("auth_user_name").unwrap(), user.into());
            tx.create(class, &row, vec![user]);
            view.apply(&tx).unwrap().0
        };
        let first = named(&View::default(), "first");
        let mut tx = Transaction::new(2);
        tx.destroy(class, &row);
        let gone = first.apply(&tx).unwrap().0;
        let second = named(&gone, "second");
        for _ in 0..2 {
            assert_eq!(sessions.check(&first, &secret).unwrap().user_name, "first");
            assert_eq!(sessions.check(&second, &secret).unwrap().user_name, "second");
            assert_eq!(sessions.check(&gone, &secret).unwrap_err().code, "SESSION_INVALID");
            assert_eq!(sessions.check(&second, &row).unwrap_err().code, "SESSION_INVALID");
        }
    }
}
