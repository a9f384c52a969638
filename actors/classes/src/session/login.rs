//! Making a session for an identity that was already proven.

use crate::{PlanCx, rbac, rows};
use xenith_datamodel::{ApiError, Ref, Role, Value};
use xenith_pooldb::{Transaction, View};

/// Sessions of one originator, and of one user name other than root (semantics.md §5).
const SESSIONS_PER_NAME: usize = 500;
/// Sessions without a user name, and pool sessions (semantics.md §5).
const SESSIONS_ANONYMOUS: usize = 400;

/// Who logs in, as the password check, the pool's secret or the client certificate proved.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    pub user_name: String,
    /// Of the directory; empty for local accounts.
    pub user_sid: String,
    pub subject: Ref,
    pub is_local_superuser: bool,
    pub is_pool: bool,
    pub is_client_certificate: bool,
    /// Of an account that is not a local superuser.
    pub role: Option<Role>,
    /// What the client says of itself.
    pub originator: String,
    /// The host that the client logged in to.
    pub host: Ref,
    /// The session this one was made for, by its row; null for none.
    pub parent: Ref,
}

impl Identity {
    /// A local account: it is local superuser, as without a directory every local account is.
    pub fn local(user_name: &str, originator: &str, host: Ref) -> Identity {
        Identity {
            user_name: user_name.to_owned(),
            user_sid: String::new(),
            subject: Ref::null(),
            is_local_superuser: true,
            is_pool: false,
            is_client_certificate: false,
            role: None,
            originator: originator.to_owned(),
            host,
            parent: Ref::null(),
        }
    }
}

/// The session's row, and the secret as the answer. Beyond a limit the longest unused session of the kind goes.
pub fn plan_login(cx: &mut PlanCx<'_>, identity: &Identity) -> Result<(Transaction, Value), ApiError> {
    if !identity.is_local_superuser && !identity.is_pool && identity.role.is_none() {
        let text = "the account has no role in this pool".to_owned();
        return Err(ApiError::new(
            "RBAC_PERMISSION_DENIED",
            ["session.login_with_password".to_owned(), text],
        ));
    }
    let secret = Ref::from_uuid_text(&cx.ids.uuid());
    let row = super::row_ref(&secret);
    let permissions = match identity.role {
        Some(role) if !identity.is_local_superuser => rbac::permission_names(role),
        Some(_) | None => Vec::new(),
    };
    let mut tx = cx.transaction();
    for oldest in over_limits(cx.view, identity)? {
        rows::destroy(&mut tx, "session", &oldest)?;
    }
    let fields = vec![
        ("uuid", Value::text(cx.ids.uuid())),
        ("this_host", Value::from(&identity.host)),
        ("this_user", Value::Ref(Ref::null())),
        ("last_active", Value::from(cx.now())),
        ("pool", Value::Bool(identity.is_pool)),
        ("is_local_superuser", Value::Bool(identity.is_local_superuser)),
        ("subject", Value::from(&identity.subject)),
        ("validation_time", Value::from(cx.now())),
        ("auth_user_sid", Value::text(&identity.user_sid)),
        ("auth_user_name", Value::text(&identity.user_name)),
        ("rbac_permissions", Value::set(permissions.into_iter().map(Value::text))),
        ("parent", Value::from(&identity.parent)),
        ("originator", Value::text(&identity.originator)),
        ("client_certificate", Value::Bool(identity.is_client_certificate)),
    ];
    rows::create(&mut tx, "session", &row, fields)?;
    Ok((tx, Value::Ref(secret)))
}

/// One group of sessions that may not grow beyond a number.
struct Limit {
    most: usize,
    /// (last used, row) of those there are.
    sessions: Vec<(i64, Ref)>,
}

fn over_limits(view: &View, identity: &Identity) -> Result<Vec<Ref>, ApiError> {
    let mut pool = Limit {
        most: SESSIONS_ANONYMOUS,
        sessions: Vec::new(),
    };
    let mut name = Limit {
        most: if identity.user_name.is_empty() {
            SESSIONS_ANONYMOUS
        } else {
            SESSIONS_PER_NAME
        },
        sessions: Vec::new(),
    };
    let mut originator = Limit {
        most: SESSIONS_PER_NAME,
        sessions: Vec::new(),
    };
    for row in rows::all(view, "session")? {
        let used = (
            rows::date_time(view, "session", &row, "last_active")?.wall_seconds,
            row.clone(),
        );
        let is_pool = rows::boolean(view, "session", &row, "pool")?;
        if is_pool != identity.is_pool {
            continue;
        }
        if is_pool {
            pool.sessions.push(used);
            continue;
        }
        if rows::text(view, "session", &row, "originator")? == identity.originator {
            originator.sessions.push(used.clone());
        }
        let same_name = rows::text(view, "session", &row, "auth_user_name")? == identity.user_name;
        if same_name && identity.user_name != "root" {
            name.sessions.push(used);
        }
    }
    let mut oldest: Vec<Ref> = [pool, name, originator].into_iter().flat_map(Limit::surplus).collect();
    oldest.sort();
    oldest.dedup();
    Ok(oldest)
}

impl Limit {
    /// Those that must go so that one more fits.
    fn surplus(mut self) -> Vec<Ref> {
        self.sessions.sort();
        let keep = self.most.saturating_sub(1);
        let surplus = self.sessions.len().saturating_sub(keep);
        self.sessions.into_iter().take(surplus).map(|(_, row)| row).collect()
    }
}
