//! A pool of real daemons by `xenith up`, and writers through its API.

use crate::Failure;
use crate::args;
use crate::http::{CallError, Connection, text_of};
use crate::process::{Owned, build_dir, data_dir, free_port, signal};
use rustix::process::Signal;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use xenith_datamodel::{Ref, Value};
use xenith_wire::WireValue;

const PASSWORD: &str = "bench";
const USER: &str = "root";
/// A pool that serves no call for this long is broken.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Pool {
    pub hosts: u8,
    pub http_port: u16,
    arguments: Vec<String>,
    up: Owned,
    /// `up --host K` of hosts that were killed, by K - 1.
    again: Vec<Option<Owned>>,
    dir: tempfile::TempDir,
}

/// Where the coordinator answers, and a session there.
#[derive(Clone)]
pub struct Login {
    pub address: String,
    pub host: u8,
    pub session: Ref,
}

impl Pool {
    pub fn start(name: &str, hosts: u8) -> Result<Pool, Failure> {
        Pool::start_with(name, hosts, &[])
    }

    /// `settings`: for `--config-set`; the bench's own `--set KEY=VALUE` are added.
    pub fn start_with(name: &str, hosts: u8, settings: &[&str]) -> Result<Pool, Failure> {
        let dir = data_dir(&format!("{name}-"));
        let http_port = free_port(20_000);
        let (tls_port, link_port) = (free_port(24_000), free_port(28_000));
        let mut arguments: Vec<String> = [
            ("--hosts", hosts.to_string()),
            ("--http-port", http_port.to_string()),
            ("--tls-port", tls_port.to_string()),
            ("--link-port", link_port.to_string()),
            ("--password", PASSWORD.to_owned()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect();
        let settings = settings.iter().map(|setting| (*setting).to_owned());
        for setting in settings.chain(args::all("--set")) {
            arguments.extend(["--config-set".to_owned(), setting]);
        }
        let up = start(dir.path(), &arguments)?;
        let again = (0..hosts).map(|_| None).collect();
        Ok(Pool {
            hosts,
            http_port,
            arguments,
            up,
            again,
            dir,
        })
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn address(&self, host: u8) -> String {
        format!("127.0.0.{host}:{}", self.http_port)
    }

    /// Of host `host`'s daemon, 1 to `hosts`.
    pub fn pid(&self, host: u8) -> Result<u32, Failure> {
        let pid = self.entry(host)?["pid"].as_u64().ok_or("no pid in pool.json")?;
        Ok(u32::try_from(pid)?)
    }

    pub fn host_uuid(&self, host: u8) -> Result<String, Failure> {
        Ok(self.entry(host)?["uuid"]
            .as_str()
            .ok_or("no uuid in pool.json")?
            .to_owned())
    }

    fn entry(&self, host: u8) -> Result<serde_json::Value, Failure> {
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(self.dir.path().join("pool.json"))?)?;
        Ok(file["hosts"][usize::from(host) - 1].clone())
    }

    pub fn pids(&self) -> Result<Vec<u32>, Failure> {
        (1..=self.hosts).map(|host| self.pid(host)).collect()
    }

    pub fn kill(&self, host: u8) -> Result<Instant, Failure> {
        let pid = self.pid(host)?;
        let now = Instant::now();
        signal(pid, Signal::KILL);
        Ok(now)
    }

    /// Starts a killed host again; returns when it serves.
    pub fn start_host(&mut self, host: u8) -> Result<(), Failure> {
        let slot = &mut self.again[usize::from(host) - 1];
        if let Some(mut old) = slot.take() {
            old.stop();
        }
        let mut arguments = self.arguments.clone();
        arguments.extend(["--host".to_owned(), host.to_string()]);
        *slot = Some(start(self.dir.path(), &arguments)?);
        Ok(())
    }

    /// Stops everything and starts the same pool again; gives the time until it was ready.
    pub fn restart(&mut self) -> Result<Duration, Failure> {
        // `up` takes SIGTERM in order only a moment after its `ready`; sooner, it would die and leave its daemons behind.
        std::thread::sleep(Duration::from_millis(500));
        self.stop();
        let begin = Instant::now();
        self.up = start(self.dir.path(), &self.arguments)?;
        Ok(begin.elapsed())
    }

    pub fn stop(&mut self) {
        for old in &mut self.again {
            if let Some(mut old) = old.take() {
                old.stop();
            }
        }
        self.up.stop();
    }

    /// A session at the coordinator, wherever that is.
    pub async fn login(&self) -> Result<Login, Failure> {
        let end = Instant::now() + PATIENCE;
        let mut last = None;
        while Instant::now() < end {
            for host in 1..=self.hosts {
                match self.login_at(host).await {
                    Ok(session) => {
                        return Ok(Login {
                            address: self.address(host),
                            host,
                            session,
                        });
                    }
                    Err(error) => last = Some(error),
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(last.unwrap_or_else(|| "the pool has no hosts".into()))
    }

    async fn login_at(&self, host: u8) -> Result<Ref, Failure> {
        let mut connection = Connection::open(&self.address(host)).await?;
        let params = [USER, PASSWORD, "1.0", "bench"].map(Value::text);
        let session = connection.call("session.login_with_password", &params).await?;
        Ok(Ref::new(text_of(session)?))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns at its line `ready`.
fn start(dir: &Path, arguments: &[String]) -> Result<Owned, Failure> {
    let program = build_dir().join("xenith");
    let mut command = Command::new(&program);
    command.arg("up").arg("--dir").arg(dir).args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|cause| {
        format!(
            "{} cannot be started ({cause}); `cargo xtask bench` builds it",
            program.display()
        )
    })?;
    let out = BufReader::new(child.stdout.take().ok_or("no stdout")?);
    let mut errors = BufReader::new(child.stderr.take().ok_or("no stderr")?);
    let up = Owned(child);
    let ready = out.lines().map_while(Result::ok).any(|line| line == "ready");
    if !ready {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut errors, &mut text)?;
        return Err(format!("`xenith up` is not ready: {text}").into());
    }
    // What it says later (a daemon was killed) must not fill the pipe.
    std::thread::spawn(move || drop(std::io::copy(&mut errors, &mut std::io::sink())));
    Ok(up)
}

/// Memory of a VM, as most benches have it.
pub const VM_BYTES: i64 = 128 << 20;

/// Makes `count` VMs of 128 MiB and gives their refs.
pub async fn make_vms(login: &Login, count: usize) -> Result<Vec<Ref>, Failure> {
    make_vms_of(login, count, VM_BYTES).await
}

/// Makes `count` VMs and gives their refs. Those without memory cost their host least: 3 MiB of Xen's own.
pub async fn make_vms_of(login: &Login, count: usize, memory_bytes: i64) -> Result<Vec<Ref>, Failure> {
    let connections = 16.min(count.max(1));
    let mut tasks = Vec::new();
    for first in 0..connections {
        let login = login.clone();
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&login.address).await?;
            let mut made = Vec::new();
            for number in (first..count).step_by(connections) {
                let params = [Value::Ref(login.session.clone()), vm_record(number, memory_bytes)];
                made.push(Ref::new(text_of(connection.call("VM.create", &params).await?)?));
            }
            Ok::<Vec<Ref>, Failure>(made)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    Ok(all)
}

/// Three VBDs and three VIFs for each VM.
pub async fn make_devices(login: &Login, vms: &[Ref]) -> Result<(), Failure> {
    let mut connection = Connection::open(&login.address).await?;
    let session = || Value::Ref(login.session.clone());
    let network = connection
        .call("network.create", &[session(), network_record()])
        .await?;
    let network = Ref::new(text_of(network)?);
    let mut tasks = Vec::new();
    for vms in vms.chunks(vms.len().div_ceil(16).max(1)) {
        let (login, vms, network) = (login.clone(), vms.to_vec(), network.clone());
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&login.address).await?;
            for vm in vms {
                for device in 0..3 {
                    for (method, record) in [
                        ("VBD.create", vbd_record(&vm, device)),
                        ("VIF.create", vif_record(&vm, &network, device)),
                    ] {
                        connection
                            .call(method, &[Value::Ref(login.session.clone()), record])
                            .await?;
                    }
                }
            }
            Ok::<(), Failure>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Sets the VM's description.
pub async fn write(connection: &mut Connection, session: &Ref, vm: &Ref, text: &str) -> Result<WireValue, CallError> {
    let params = [Value::Ref(session.clone()), Value::Ref(vm.clone()), Value::text(text)];
    connection.call("VM.set_name_description", &params).await
}

fn vm_record(number: usize, memory: i64) -> Value {
    let null = || Value::Ref(Ref::null());
    // Paravirtual is what needs least beside its memory.
    let boot_policy = if memory == 0 { "" } else { "BIOS order" };
    let mut fields = vec![
        ("name_label", Value::text(format!("vm {number}"))),
        ("user_version", 1.into()),
        ("is_a_template", false.into()),
        ("affinity", null()),
        ("memory_static_max", memory.into()),
        ("memory_dynamic_max", memory.into()),
        ("memory_dynamic_min", memory.into()),
        ("memory_static_min", (memory / 2).into()),
        ("VCPUs_max", 1.into()),
        ("VCPUs_at_startup", 1.into()),
        ("actions_after_shutdown", "destroy".into()),
        ("actions_after_reboot", "restart".into()),
        ("actions_after_crash", "restart".into()),
        ("HVM_boot_policy", boot_policy.into()),
        ("HVM_boot_params", Value::text_map([("order", "cd")])),
        ("HVM_shadow_multiplier", 1.0.into()),
        ("has_vendor_device", false.into()),
    ];
    let texts = [
        "name_description",
        "PV_bootloader",
        "PV_kernel",
        "PV_ramdisk",
        "PV_args",
        "PV_bootloader_args",
    ];
    fields.extend(texts.map(|name| (name, Value::text(""))));
    fields.extend(["PV_legacy_args", "PCI_bus", "recommendations"].map(|name| (name, Value::text(""))));
    fields.extend(["VCPUs_params", "platform", "other_config"].map(|name| (name, Value::map([]))));
    Value::record(fields)
}

fn vbd_record(vm: &Ref, device: i64) -> Value {
    Value::record([
        ("VM", Value::from(vm)),
        ("VDI", Value::Ref(Ref::null())),
        ("userdevice", Value::text(device.to_string())),
        ("bootable", false.into()),
        ("mode", "RO".into()),
        ("type", "CD".into()),
        ("empty", true.into()),
        ("other_config", Value::map([])),
        ("qos_algorithm_type", "".into()),
        ("qos_algorithm_params", Value::map([])),
        ("unpluggable", false.into()),
    ])
}

fn vif_record(vm: &Ref, network: &Ref, device: i64) -> Value {
    Value::record([
        ("VM", Value::from(vm)),
        ("network", Value::from(network)),
        ("device", Value::text(device.to_string())),
        ("MAC", "".into()),
        ("MTU", 1500.into()),
        ("other_config", Value::map([])),
        ("qos_algorithm_type", "".into()),
        ("qos_algorithm_params", Value::map([])),
    ])
}

fn network_record() -> Value {
    Value::record([
        ("name_label", "bench".into()),
        ("name_description", "".into()),
        ("other_config", Value::map([])),
    ])
}
