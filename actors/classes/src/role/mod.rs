//! Roles and permissions as objects. They are made from the tables when asked for and have no rows: no event ever names
//! them, as in xapi, and 2,000 rows that never change need not be replicated.
//!
//! Refs and uuids are stable: the MD5 of the name (semantics.md §6).

use crate::room::Planner;
use crate::{Args, PlanCx, rbac};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use xenith_datamodel::{ApiError, Ref, Role, Value};

pub fn lookup(message: &str) -> Option<Planner> {
    Some(Planner::Read(match message {
        "get_all" => get_all,
        "get_all_records" => get_all_records,
        // A filter is not looked at: seen on the wire, every role is answered (semantics.md §8).
        "get_all_records_where" => get_all_records,
        "get_all_where" => get_all,
        "get_by_name_label" => get_by_name_label,
        "get_by_permission" => get_by_permission,
        "get_by_permission_name_label" => get_by_permission_name_label,
        "get_by_uuid" => get_by_uuid,
        "get_is_internal" => |_, args| field(args, "is_internal"),
        "get_name_description" => |_, args| field(args, "name_description"),
        "get_name_label" => |_, args| field(args, "name_label"),
        "get_permissions" => |_, args| field(args, "subroles"),
        "get_permissions_name_label" => get_permissions_name_label,
        "get_record" => get_record,
        "get_subroles" => |_, args| field(args, "subroles"),
        "get_uuid" => |_, args| field(args, "uuid"),
        _ => return None,
    }))
}

/// The role object of a permission.
#[cfg(test)]
pub(crate) fn permission_reference(name: &str) -> Ref {
    Ref::from_uuid_text(&uuid_of(name))
}

/// The role object of a role.
pub fn reference(role: Role) -> Ref {
    Ref::from_uuid_text(&uuid_of(rbac::role_name(role)))
}

/// The name of the role or permission that the ref is of.
pub fn name_of(reference: &Ref) -> Option<&'static str> {
    objects().by_ref.get(reference).map(|object| object.name)
}

/// A role that subjects may have: no permission, and not the role of the client certificate.
pub fn can_be_given(reference: &Ref) -> bool {
    objects()
        .by_ref
        .get(reference)
        .is_some_and(|object| !is_internal(object))
}

/// Names of the permissions of a role; none for what is no role.
pub fn permission_names(reference: &Ref) -> Vec<&'static str> {
    let object = objects().by_ref.get(reference);
    object
        .and_then(|object| object.role)
        .map(rbac::permission_names)
        .unwrap_or_default()
}

struct Object {
    uuid: String,
    name: &'static str,
    description: &'static str,
    role: Option<Role>,
}

struct Objects {
    by_ref: BTreeMap<Ref, Object>,
    /// In the order of the tables: permissions, then roles.
    order: Vec<Ref>,
}

fn objects() -> &'static Objects {
    static OBJECTS: OnceLock<Objects> = OnceLock::new();
    OBJECTS.get_or_init(|| {
        let mut all = Objects {
            by_ref: BTreeMap::new(),
            order: Vec::new(),
        };
        for permission in rbac::permissions() {
            all.push(&permission.name, "A basic permission", None);
        }
        for role in rbac::ROLES {
            all.push(rbac::role_name(role), description(role), Some(role));
        }
        all
    })
}

impl Objects {
    fn push(&mut self, name: &'static str, description: &'static str, role: Option<Role>) {
        let uuid = uuid_of(name);
        let reference = Ref::from_uuid_text(&uuid);
        if self
            .by_ref
            .insert(
                reference.clone(),
                Object {
                    uuid,
                    name,
                    description,
                    role,
                },
            )
            .is_none()
        {
            self.order.push(reference);
        }
    }
}

fn uuid_of(name: &str) -> String {
    let digest: [u8; 16] = Md5::digest(name.as_bytes()).into();
    crate::session::uuid_text(digest)
}

fn description(role: Role) -> &'static str {
    match role {
        Role::PoolAdmin => "May do everything in the pool, accounts, roles and the control domains included",
        Role::PoolOperator => "May manage the resources of the whole pool: hosts, storage, networks and their settings",
        Role::VmPowerAdmin => "May create and manage virtual machines and choose where they run",
        Role::VmAdmin => "May create and manage virtual machines",
        Role::VmOperator => "May use virtual machines: start, stop and look at them",
        Role::ClientCert => "What a program that logs in with the client certificate may do",
        Role::ReadOnly => "May look at everything and change nothing",
        Role::LocalRoot => "",
    }
}

fn found(reference: &Ref) -> Result<&'static Object, ApiError> {
    objects()
        .by_ref
        .get(reference)
        .ok_or_else(|| ApiError::handle_invalid("role", reference))
}

fn subroles(object: &Object) -> Value {
    let names = object.role.map(rbac::permission_names).unwrap_or_default();
    Value::set(
        names
            .into_iter()
            .map(|name| Value::Ref(Ref::from_uuid_text(&uuid_of(name)))),
    )
}

fn record(object: &Object) -> Value {
    Value::record([
        ("uuid", Value::text(&object.uuid)),
        ("name_label", Value::text(object.name)),
        ("name_description", Value::text(object.description)),
        ("subroles", subroles(object)),
        ("is_internal", Value::Bool(is_internal(object))),
    ])
}

/// Permissions, and the role that no account is given.
fn is_internal(object: &Object) -> bool {
    object.role.is_none_or(|role| role == Role::ClientCert)
}

fn field(args: Args<'_>, name: &str) -> Result<Value, ApiError> {
    let whole = record(found(args.reference(0)?)?);
    whole
        .member(name)
        .cloned()
        .ok_or_else(|| ApiError::internal(format!("no field role.{name}")))
}

fn get_record(_: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    found(args.reference(0)?).map(record)
}

fn get_all(_: &PlanCx<'_>, _: Args<'_>) -> Result<Value, ApiError> {
    Ok(Value::set(objects().order.iter().map(Value::from)))
}

fn get_all_records(_: &PlanCx<'_>, _: Args<'_>) -> Result<Value, ApiError> {
    let of = |reference: &Ref| {
        objects()
            .by_ref
            .get(reference)
            .map(|object| (Value::from(reference), record(object)))
    };
    Ok(Value::map(objects().order.iter().filter_map(of)))
}

fn get_by_uuid(_: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let uuid = args.text(0)?;
    let reference = Ref::from_uuid_text(uuid);
    match objects().by_ref.contains_key(&reference) {
        true => Ok(Value::Ref(reference)),
        false => Err(ApiError::uuid_invalid("role", uuid)),
    }
}

fn get_by_name_label(_: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let reference = Ref::from_uuid_text(&uuid_of(args.text(0)?));
    let known = objects().by_ref.contains_key(&reference);
    Ok(Value::set(known.then_some(Value::Ref(reference))))
}

fn get_permissions_name_label(_: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    let names = found(args.reference(0)?)?
        .role
        .map(rbac::permission_names)
        .unwrap_or_default();
    Ok(Value::set(names.into_iter().map(Value::text)))
}

fn get_by_permission(_: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    Ok(roles_with(found(args.reference(0)?)?.name))
}

fn get_by_permission_name_label(_: &PlanCx<'_>, args: Args<'_>) -> Result<Value, ApiError> {
    Ok(roles_with(args.text(0)?))
}

fn roles_with(permission: &str) -> Value {
    let floor = rbac::permissions()
        .iter()
        .find(|known| known.name == permission)
        .map(|known| known.floor);
    Value::set(
        floor
            .into_iter()
            .flat_map(rbac::roles_with)
            .map(|role| Value::Ref(reference(role))),
    )
}
