//! The facts of a made-up machine, the same for the same number.

use xenith_storage_port::{Capability, SrId, StorageFacts};
use xenith_xen_port::{CpuFacts, HostFacts, NicFacts};

const MEMORY_BYTES: i64 = 32 << 30;
const OVERHEAD_BYTES: i64 = 512 << 20;
const CONTROL_DOMAIN_BYTES: i64 = 2 << 30;
const CPU_COUNT: i64 = 8;
const LOCAL_SR_BYTES: i64 = 500 << 30;
const SHARED_SR_BYTES: i64 = 2 << 40;

/// The repositories of machine `number`: one of its own, and one that all machines of a pool share. Their uuids are made up as the
/// machines are: the same in every simulated pool.
pub fn machine_storage(number: u8) -> Vec<StorageFacts> {
    let sr = |uuid: String, name: &str, kind: &str, config: &[(&str, &str)]| StorageFacts {
        sr: SrId(uuid),
        name_label: name.to_owned(),
        kind: kind.to_owned(),
        shared: kind == "nfs",
        size_bytes: if kind == "nfs" { SHARED_SR_BYTES } else { LOCAL_SR_BYTES },
        device_config: config
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        capabilities: Capability::DISKS.to_vec(),
    };
    let local = format!("58454e49-5448-4000-8001-{number:012}");
    let shared = "58454e49-5448-4000-8002-000000000000".to_owned();
    vec![
        sr(
            local,
            &format!("Local storage on host-{number}"),
            "file",
            &[("location", "/var/lib/xenith/sr")],
        ),
        sr(
            shared,
            "Shared storage",
            "nfs",
            &[("server", "storage.sim"), ("serverpath", "/pool")],
        ),
    ]
}

/// Machine `number` (1 to 254) with two NICs; its management NIC has `address`.
pub fn machine_facts(number: u8, address: &str, boot_time_unix_seconds: i64) -> HostFacts {
    HostFacts {
        hostname: format!("host-{number}"),
        memory_total_bytes: MEMORY_BYTES,
        memory_free_bytes: MEMORY_BYTES - OVERHEAD_BYTES - CONTROL_DOMAIN_BYTES,
        memory_overhead_bytes: OVERHEAD_BYTES,
        control_domain_memory_bytes: CONTROL_DOMAIN_BYTES,
        cpus: (0..CPU_COUNT).map(cpu).collect(),
        sockets: 1,
        nics: vec![nic(number, 0, Some(address)), nic(number, 1, None)],
        bios_strings: [
            ("bios-vendor", "Xenith"),
            ("bios-version", "1"),
            ("system-manufacturer", "Xenith"),
            ("system-product-name", "Simulated host"),
            ("system-version", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        boot_time_unix_seconds,
        boot_id: format!("boot-{boot_time_unix_seconds}"),
        xen_version: "4.17.6-sim".to_owned(),
        kernel_version: "6.6.0-sim".to_owned(),
        iscsi_iqn: format!("iqn.2026-11.sim.xenith:host-{number}"),
        storage: Vec::new(),
    }
}

fn cpu(number: i64) -> CpuFacts {
    CpuFacts {
        number,
        vendor: "GenuineIntel".to_owned(),
        model_name: "Simulated CPU @ 2.40GHz".to_owned(),
        speed_mhz: 2_400,
        family: 6,
        model: 85,
        stepping: "7".to_owned(),
        flags: "fpu de tsc msr pae mce cx8 apic sep mtrr mca cmov pat clflush mmx fxsr sse sse2 ht nx lm".to_owned(),
        features: "1fc9cbf5-f6f83203-2991cbf5-00000123-00000001-00000329-00000000-00000000-00001000".to_owned(),
    }
}

fn nic(host: u8, index: u8, address: Option<&str>) -> NicFacts {
    NicFacts {
        device: format!("eth{index}"),
        // Locally administered, unique per simulated host and device.
        mac: format!("02:58:45:4e:{host:02x}:{index:02x}"),
        mtu: 1_500,
        carrier: true,
        speed_mbit: 10_000,
        ip: address.map(str::to_owned),
        netmask: address.map(|_| "255.0.0.0".to_owned()),
        gateway: address.map(|_| String::new()),
        management: address.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_differ_in_what_must_be_unique() {
        let (one, two) = (machine_facts(1, "127.0.0.1", 0), machine_facts(2, "127.0.0.2", 0));
        assert_ne!(one.hostname, two.hostname);
        assert_ne!(one.iscsi_iqn, two.iscsi_iqn);
        for nic in &one.nics {
            assert!(two.nics.iter().all(|other| other.mac != nic.mac));
        }
        assert_eq!(one.nics.iter().filter(|nic| nic.management).count(), 1);
    }
}
