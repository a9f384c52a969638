//! The pool as it is before anything is asked of it: all hosts' rows, in one transaction.

use super::site::{Site, address};
use xenith_classes::birth::{HostBirth, PoolBirth, join_host, new_pool};
use xenith_datamodel::ApiError;
use xenith_pooldb::{Transaction, View};
use xenith_raft::Member;
use xenith_runtime::{SystemIds, add_member_row};
use xenith_xen_port::HostFacts;

pub fn first_transaction(site: &Site, members: &[Member], time_ms: i64) -> Result<Transaction, ApiError> {
    let broken = |error: &dyn std::fmt::Display| ApiError::internal(format!("the pool cannot be born: {error}"));
    let hosts: Vec<(&Member, HostFacts, String)> = members
        .iter()
        .enumerate()
        .map(|(index, member)| (member, site.facts(index), address(index)))
        .collect();
    let mut rest = hosts
        .iter()
        .map(|(member, facts, address)| host_birth(member, facts, address));
    let first = rest.next().ok_or_else(|| broken(&"it has no hosts"))?;
    let pool = PoolBirth {
        pool_uuid: "pool-uuid",
        name_label: "",
        host: first,
    };
    let mut all = new_pool(&mut SystemIds, time_ms, pool)?;
    let (mut view, _) = View::default().apply(&all).map_err(|error| broken(&error))?;
    for host in rest {
        let tx = join_host(&view, &mut SystemIds, time_ms, host)?;
        view = view.apply(&tx).map_err(|error| broken(&error))?.0;
        all.changes.extend(tx.changes);
    }
    for member in members {
        add_member_row(&mut all, member)?;
    }
    Ok(all)
}

fn host_birth<'a>(member: &'a Member, facts: &'a HostFacts, address: &'a str) -> HostBirth<'a> {
    HostBirth {
        facts,
        host_uuid: &member.host_uuid,
        address,
        certificate_sha256: member.certificate_sha256,
        certificate: None,
        https_only: false,
    }
}
