//! Networks and interfaces of a host.

use super::{HostBirth, Maker, set_if_new};
use crate::cx::date_time;
use crate::{network::INTERNAL_KEY, rows};
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_pooldb::{Transaction, View};
use xenith_xen_port::NicFacts;

/// The network between guests and their host, one for the pool.
pub fn internal_network(maker: &mut Maker<'_>) -> Result<Ref, ApiError> {
    let config = [
        ("is_guest_installer_network", "true"),
        (INTERNAL_KEY, "true"),
        ("ip_begin", "169.254.0.1"),
        ("ip_end", "169.254.255.254"),
        ("netmask", "255.255.0.0"),
    ];
    let fields = vec![
        ("name_label", Value::text("Host internal management network")),
        (
            "name_description",
            Value::text("Private link-local addresses by which guests reach their own host's API"),
        ),
        ("bridge", Value::text("xenapi")),
        ("other_config", Value::text_map(config)),
    ];
    maker.row("network", fields)
}

/// A physical interface on the pool-wide network of its device name, which is made if it is not there.
pub fn interface(maker: &mut Maker<'_>, view: &View, host: &Ref, nic: &NicFacts) -> Result<(), ApiError> {
    let bridge = bridge_of(&nic.device);
    let network = match network_of(view, &bridge)? {
        Some(network) => network,
        None => {
            let fields = vec![
                (
                    "name_label",
                    Value::from(format!("Pool-wide network associated with {}", nic.device)),
                ),
                ("name_description", Value::text("")),
                ("bridge", Value::text(&bridge)),
                ("MTU", Value::Int(nic.mtu)),
            ];
            maker.row("network", fields)?
        }
    };
    let metrics = vec![
        ("carrier", Value::Bool(nic.carrier)),
        ("speed", Value::Int(nic.speed_mbit)),
        ("duplex", Value::Bool(true)),
        ("last_updated", Value::from(date_time(maker.now_ms))),
    ];
    let metrics = maker.row("PIF_metrics", metrics)?;
    let text = |value: &Option<String>| Value::text(value.as_deref().unwrap_or_default());
    let fields = vec![
        ("device", Value::text(&nic.device)),
        ("network", Value::from(&network)),
        ("host", Value::from(host)),
        ("MAC", Value::text(&nic.mac)),
        ("MTU", Value::Int(nic.mtu)),
        ("VLAN", Value::Int(-1)),
        ("metrics", Value::from(&metrics)),
        ("physical", Value::Bool(true)),
        ("currently_attached", Value::Bool(nic.management || nic.carrier)),
        (
            "ip_configuration_mode",
            Value::text(if nic.ip.is_some() { "Static" } else { "None" }),
        ),
        ("IP", text(&nic.ip)),
        ("netmask", text(&nic.netmask)),
        ("gateway", text(&nic.gateway)),
        ("management", Value::Bool(nic.management)),
        ("managed", Value::Bool(true)),
        ("properties", Value::text_map([("gro", "on")])),
    ];
    maker.row("PIF", fields)?;
    Ok(())
}

/// Links and addresses of the interfaces that are known; one that appeared is brought in by PIF.scan.
pub fn refresh(view: &View, tx: &mut Transaction, host: &Ref, birth: HostBirth<'_>) -> Result<(), ApiError> {
    for pif in rows::references(view, "host", host, "PIFs")? {
        let device = rows::text(view, "PIF", &pif, "device")?;
        let physical = rows::boolean(view, "PIF", &pif, "physical")?;
        let Some(nic) = birth.facts.nics.iter().find(|nic| physical && nic.device == device) else {
            continue;
        };
        let text = |value: &Option<String>| Value::text(value.as_deref().unwrap_or_default());
        for (field, value) in [
            ("MAC", Value::text(&nic.mac)),
            ("IP", text(&nic.ip)),
            ("netmask", text(&nic.netmask)),
        ] {
            set_if_new(view, tx, ("PIF", &pif), field, value)?;
        }
        let metrics = rows::reference(view, "PIF", &pif, "metrics")?;
        if view.contains(rows::class("PIF_metrics")?, &metrics) {
            set_if_new(view, tx, ("PIF_metrics", &metrics), "carrier", Value::Bool(nic.carrier))?;
            set_if_new(view, tx, ("PIF_metrics", &metrics), "speed", Value::Int(nic.speed_mbit))?;
        }
    }
    Ok(())
}

/// `xenbr0` for `eth0`, `br<device>` for others, as clients know them.
fn bridge_of(device: &str) -> String {
    match device.strip_prefix("eth") {
        Some(number) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("xenbr{number}")
        }
        Some(_) | None => format!("br{device}"),
    }
}

fn network_of(view: &View, bridge: &str) -> Result<Option<Ref>, ApiError> {
    for network in rows::all(view, "network")? {
        if rows::text(view, "network", &network, "bridge")? == bridge {
            return Ok(Some(network));
        }
    }
    Ok(None)
}
