//! Rows of class `xenith_member`: one for each member of the log, keyed by its node; they pin the hosts' certificates (E4).

use super::token::hex;
use xenith_classes::birth::ServerCertificate;
use xenith_datamodel::{ApiError, ClassId, Column, Ref, Value, class};
use xenith_pooldb::{Transaction, View};
use xenith_raft::{Member, NodeId, host_of};

const CLASS: &str = "xenith_member";

fn no_class() -> ApiError {
    ApiError::internal("class xenith_member is not as it should be")
}

type Row = (ClassId, Ref, Vec<(Column, Value)>);

fn row(member: &Member) -> Result<Row, ApiError> {
    let class = class(CLASS).ok_or_else(no_class)?;
    let uuid = uuid::Uuid::from_u128(member.node.0).to_string();
    let mut fields = Vec::new();
    for (name, text) in [
        ("uuid", &uuid),
        ("host_uuid", &member.host_uuid),
        ("link_address", &member.link_address),
        ("certificate_sha256", &hex(&member.certificate_sha256)),
    ] {
        fields.push((class.column(name).ok_or_else(no_class)?, Value::text(text)));
    }
    Ok((class, Ref::from_uuid_text(&uuid), fields))
}

/// The row of a member that has none.
pub fn add(tx: &mut Transaction, member: &Member) -> Result<(), ApiError> {
    let (class, row, fields) = row(member)?;
    tx.create(class, &row, fields);
    Ok(())
}

/// True if this very node, with this very certificate, has its row already.
pub(super) fn is_member(view: &View, member: &Member) -> Result<bool, ApiError> {
    let (_, row, fields) = row(member)?;
    Ok(fields
        .into_iter()
        .all(|(column, value)| view.value(&row, column) == Some(value)))
}

/// Whether another host, or this one with another certificate, has the node id.
pub(super) fn is_anothers(view: &View, member: &Member) -> Result<bool, ApiError> {
    let (_, row, fields) = row(member)?;
    Ok(fields.into_iter().any(|(column, value)| {
        matches!(column.desc().name, "host_uuid" | "certificate_sha256")
            && view.value(&row, column).is_some_and(|now| now != value)
    }))
}

/// Adds the row or sets what differs in it.
pub(super) fn keep_in_step(view: &View, tx: &mut Transaction, member: &Member) -> Result<(), ApiError> {
    let (class, row, fields) = row(member)?;
    if !view.contains(class, &row) {
        tx.create(class, &row, fields);
        return Ok(());
    }
    for (column, value) in fields {
        if view.value(&row, column).as_ref() != Some(&value) {
            tx.set_value(&row, column, value);
        }
    }
    Ok(())
}

/// Writes what the host shows to clients where its row says something else.
pub(super) fn keep_certificate(
    view: &View,
    tx: &mut Transaction,
    member: &Member,
    certificate: Option<&ServerCertificate>,
) -> Result<(), ApiError> {
    let (class, row, _) = row(member)?;
    let column = class.column("server_certificate").ok_or_else(no_class)?;
    let pem = certificate.map_or("", |certificate| &certificate.pem);
    if view
        .value(&row, column)
        .as_ref()
        .and_then(Value::as_text)
        .unwrap_or_default()
        != pem
    {
        tx.set_value(&row, column, Value::text(pem));
    }
    Ok(())
}

/// True if the host is in the pool and the certificate is pinned for it, whichever node it was then.
pub(super) fn is_pinned(view: &View, member: &Member) -> Result<bool, ApiError> {
    let certificate = class(CLASS).and_then(|class| class.column("certificate_sha256"));
    let certificate = certificate.ok_or_else(no_class)?;
    let wanted = hex(&member.certificate_sha256);
    let pinned = rows_of_host(view, &member.host_uuid)?.iter().any(|row| {
        view.value(row, certificate)
            .is_some_and(|value| value.as_text() == Some(wanted.as_str()))
    });
    Ok(pinned && host_of(view, &member.host_uuid).is_some())
}

/// Destroys the rows of the nodes that the member's host was before.
pub(super) fn drop_others_of_host(view: &View, tx: &mut Transaction, member: &Member) -> Result<(), ApiError> {
    let (class, own, _) = row(member)?;
    for row in rows_of_host(view, &member.host_uuid)? {
        if row != own {
            tx.destroy(class, &row);
        }
    }
    Ok(())
}

/// Unpins everything of a host.
pub(super) fn drop_host(view: &View, tx: &mut Transaction, host_uuid: &str) -> Result<(), ApiError> {
    let class = class(CLASS).ok_or_else(no_class)?;
    for row in rows_of_host(view, host_uuid)? {
        tx.destroy(class, &row);
    }
    Ok(())
}

pub(super) fn has_row(view: &View, node: NodeId) -> bool {
    let row = Ref::from_uuid_text(&uuid::Uuid::from_u128(node.0).to_string());
    class(CLASS).is_some_and(|class| view.contains(class, &row))
}

fn rows_of_host(view: &View, host_uuid: &str) -> Result<Vec<Ref>, ApiError> {
    let class = class(CLASS).ok_or_else(no_class)?;
    let column = class.column("host_uuid").ok_or_else(no_class)?;
    let of_host = |row: &&Ref| {
        view.value(row, column)
            .is_some_and(|value| value.as_text() == Some(host_uuid))
    };
    Ok(view.refs(class).filter(of_host).cloned().collect())
}
