//! Who may call what: the floor of each message, and of single keys of some maps (semantics.md §6).

use crate::dispatch::wire_name;
use crate::{Caller, Rights};
use std::sync::OnceLock;
use xenith_datamodel::{ApiError, CallMode, ClassId, HttpHandler, Message, Method, Role, RoleFloor, Value};

/// The roles that an account can have, highest first.
pub const ROLES: [Role; 7] = [
    Role::PoolAdmin,
    Role::PoolOperator,
    Role::VmPowerAdmin,
    Role::VmAdmin,
    Role::VmOperator,
    Role::ClientCert,
    Role::ReadOnly,
];

/// A thing that may be allowed: its name and who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Lower-case wire name, with `/key:<key>` for the key of a map.
    pub name: String,
    pub floor: RoleFloor,
}

/// Refuses a call that the caller may not make.
pub fn check(caller: &Caller, method: &Method, params: &[Value]) -> Result<(), ApiError> {
    if method.message.pool_internal && !caller.is_pool && caller.rights != Rights::Everything {
        let text = format!("{} is for members of the pool only", wire_name(method));
        return Err(ApiError::internal(text));
    }
    // Names are made for who is refused.
    if allows(caller, floor(method, params)) {
        return Ok(());
    }
    check_permission(caller, &permission(method, params))
}

/// Refuses the use of an HTTP handler; its permission is `http/<name>`.
pub fn check_handler(caller: &Caller, handler: &HttpHandler) -> Result<(), ApiError> {
    if !handler.checked {
        return Ok(());
    }
    let permission = Permission {
        name: format!("http/{}", handler.name),
        floor: handler.floor,
    };
    check_permission(caller, &permission)
}

/// The permissions of the keys of a map that a whole-map setter changes, beside its own: `VM.set_other_config` with another
/// value for `pci` needs what `VM.add_to_other_config` of that key needs. `adder` is that message's name.
pub fn check_changed_keys(caller: &Caller, adder: &str, old: &Value, new: &Value) -> Result<(), ApiError> {
    let Some(method) = xenith_datamodel::method(adder) else {
        return Ok(());
    };
    let old = old.as_map().unwrap_or_default();
    let new = new.as_map().unwrap_or_default();
    let changed = |pairs: &[(Value, Value)], others: &[(Value, Value)]| {
        pairs
            .iter()
            .filter(|pair| !others.contains(pair))
            .map(|(key, _)| key.clone())
            .collect::<Vec<_>>()
    };
    for key in changed(old, new).into_iter().chain(changed(new, old)) {
        let Some(key) = key.as_text() else { continue };
        if let Some(permission) = key_permission(&method, key) {
            check_permission(caller, &permission)?;
        }
    }
    Ok(())
}

/// True if the caller has the named permission, for checks that are not a message's own (`task.destroy/any`).
pub fn allows(caller: &Caller, floor: RoleFloor) -> bool {
    match caller.rights {
        Rights::Everything => true,
        Rights::Role(role) => admits(floor, role),
    }
}

/// Every permission, in the order of the tables.
pub fn permissions() -> &'static [Permission] {
    static PERMISSIONS: OnceLock<Vec<Permission>> = OnceLock::new();
    PERMISSIONS.get_or_init(|| {
        let all = xenith_datamodel::all_classes().filter(|class| !class.class().internal);
        all.flat_map(|class| {
            class
                .messages()
                .iter()
                .flat_map(move |message| of_message(class, message))
        })
        .collect()
    })
}

/// Names of the permissions of a role, in text order.
pub fn permission_names(role: Role) -> Vec<&'static str> {
    let mut names: Vec<&str> = permissions()
        .iter()
        .filter(|permission| admits(permission.floor, role))
        .map(|p| p.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The highest role that the permissions of a session stand for: the highest whose own first permission is among them.
pub fn role_of_permissions(names: &[Value]) -> Option<Role> {
    let has = |wanted: &str| names.iter().any(|name| name.as_text() == Some(wanted));
    ROLES.into_iter().find(|role| marker(*role).is_some_and(has))
}

/// The roles with this floor, highest first.
pub fn roles_with(floor: RoleFloor) -> impl Iterator<Item = Role> {
    ROLES.into_iter().filter(move |role| admits(floor, *role))
}

pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::ReadOnly => "read-only",
        Role::ClientCert => "client-cert",
        Role::VmOperator => "vm-operator",
        Role::VmAdmin => "vm-admin",
        Role::VmPowerAdmin => "vm-power-admin",
        Role::PoolOperator => "pool-operator",
        Role::PoolAdmin => "pool-admin",
        Role::LocalRoot => "local-root",
    }
}

fn admits(floor: RoleFloor, role: Role) -> bool {
    (floor.role != Role::LocalRoot && role >= floor.role) || (floor.or_client_cert && role == Role::ClientCert)
}

fn check_permission(caller: &Caller, permission: &Permission) -> Result<(), ApiError> {
    if allows(caller, permission.floor) {
        return Ok(());
    }
    let roles: Vec<&str> = roles_with(permission.floor).map(role_name).collect();
    let text = format!(
        "No permission in user session. (Roles with this permission: {})",
        roles.join(", ")
    );
    Err(ApiError::new("RBAC_PERMISSION_DENIED", [permission.name.clone(), text]))
}

/// The permission that a call needs: that of its key, if the message has keys with floors of their own.
fn permission(method: &Method, params: &[Value]) -> Permission {
    key(method, params)
        .and_then(|key| key_permission(method, key))
        .unwrap_or_else(|| base(method))
}

/// That of [`permission`].
fn floor(method: &Method, params: &[Value]) -> RoleFloor {
    let of_key = key(method, params).and_then(|key| key_floor(method, key));
    of_key.map_or(method.message.role, |(_, floor)| floor)
}

fn key<'a>(method: &Method, params: &'a [Value]) -> Option<&'a str> {
    let key_at = method.message.params.iter().position(|param| param.name == "key")?;
    params.get(key_at)?.as_text()
}

/// The pattern that the key fits, and its floor.
fn key_floor(method: &Method, key: &str) -> Option<(&'static str, RoleFloor)> {
    let matches = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => key.starts_with(prefix),
        None => key == pattern,
    };
    let found = method.message.key_roles.iter().find(|(pattern, _)| matches(pattern));
    found.map(|(pattern, floor)| (*pattern, *floor))
}

fn key_permission(method: &Method, key: &str) -> Option<Permission> {
    let (pattern, floor) = key_floor(method, key)?;
    Some(Permission {
        name: format!("{}/key:{pattern}", base(method).name),
        floor,
    })
}

fn base(method: &Method) -> Permission {
    Permission {
        name: wire_name(method).to_lowercase(),
        floor: method.message.role,
    }
}

fn of_message(class: ClassId, message: &'static Message) -> Vec<Permission> {
    let base = base(&Method {
        class,
        message,
        mode: CallMode::Sync,
    });
    let keys = message.key_roles.iter().map(|(pattern, floor)| Permission {
        name: format!("{}/key:{pattern}", base.name),
        floor: *floor,
    });
    let keys: Vec<Permission> = keys.collect();
    std::iter::once(base).chain(keys).collect()
}

/// The first permission whose floor is exactly this role.
fn marker(role: Role) -> Option<&'static str> {
    let exact = |permission: &&Permission| {
        permission.floor.role == role || (role == Role::ClientCert && permission.floor.or_client_cert)
    };
    permissions()
        .iter()
        .find(exact)
        .map(|permission| permission.name.as_str())
}
