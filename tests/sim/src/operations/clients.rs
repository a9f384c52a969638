//! Clients of the API: they make VMs, then start, stop, move and suspend them, each on whatever host it happens to ask.
//!
//! A call runs on its host, and dies with it; a client waits for it as long as it has patience, and goes on to its next.

use crate::random::Random;
use crate::shared::{Door, Shared, lock};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use xenith_datamodel::{ApiError, Ref, Value, class};
use xenith_pooldb::View;
use xenith_raft::PoolLog as _;
use xenith_wire::{Call, Dispatch as _, Origin, Reply, WireValue};

pub const VMS: usize = 5;
/// Room for two on each machine: starts compete, and there is mostly a place to go to.
const VM_BYTES: i64 = 13 << 30;
const PATIENCE: Duration = Duration::from_secs(4);
const REST_MS_MAX: u64 = 400;

/// What makes sense of a VM in each power state, and how often; now and then anything is asked.
const HALTED: &[&str] = &["start", "start", "start_on"];
const RUNNING: &[&str] = &[
    "pool_migrate",
    "pool_migrate",
    "pool_migrate",
    "hard_shutdown",
    "clean_shutdown",
    "hard_reboot",
    "clean_reboot",
    "pause",
    "suspend",
];
const PAUSED: &[&str] = &["unpause", "unpause", "hard_shutdown"];
const SUSPENDED: &[&str] = &["resume", "resume_on", "hard_shutdown"];

/// What all clients of a run share.
pub struct Callers {
    shared: Arc<Shared>,
    vms: Mutex<Vec<Ref>>,
    /// Of `Async.` calls.
    tasks: Mutex<Vec<Ref>>,
}

impl Callers {
    pub fn new(shared: Arc<Shared>) -> Arc<Callers> {
        Arc::new(Callers {
            shared,
            vms: Mutex::default(),
            tasks: Mutex::default(),
        })
    }

    pub fn vms(&self) -> Vec<Ref> {
        lock(&self.vms).clone()
    }

    /// Before there is any trouble.
    pub async fn make_vms(self: Arc<Callers>) {
        let mut client = Client::new(self.clone(), Random::new(0));
        while self.vms().len() < VMS {
            let Some(door) = self.shared.coordinators().pop() else {
                tokio::time::sleep(Duration::from_millis(REST_MS_MAX)).await;
                continue;
            };
            let record = vm_record(&format!("vm-{}", self.vms().len()));
            match client.ask(&door, "VM.create", vec![record]).await {
                Some(Ok(Value::Ref(vm))) => lock(&self.vms).push(vm),
                Some(Ok(other)) => return self.shared.violation(format!("VM.create answers {other:?}")),
                Some(Err(error)) => return self.shared.violation(format!("VM.create: {error}")),
                None => {}
            }
        }
    }

    /// One client, until the run stops them.
    pub async fn run(self: Arc<Callers>, number: usize, random: Random) {
        let mut client = Client::new(self.clone(), random);
        while !self.shared.stopping() {
            let rest = client.random.below(REST_MS_MAX + 1);
            tokio::time::sleep(Duration::from_millis(rest)).await;
            let doors = self.shared.doors();
            let Some(door) = doors.get(client.random.index(doors.len())).cloned() else {
                continue;
            };
            client.call(number, &door).await;
        }
    }
}

struct Client {
    callers: Arc<Callers>,
    random: Random,
    session: Option<Ref>,
}

impl Client {
    fn new(callers: Arc<Callers>, random: Random) -> Client {
        Client {
            callers,
            random,
            session: None,
        }
    }

    async fn call(&mut self, number: usize, door: &Door) {
        let is_cancel = self.random.percent(8);
        let (method, params) = match self.some_task().filter(|_| is_cancel) {
            Some(task) => (
                "task.cancel".to_owned(),
                vec![WireValue::Text(task.as_str().to_owned())],
            ),
            None => self.operation(&door.node.applied()),
        };
        let answer = self.ask(door, &method, params).await;
        let outcome = match answer {
            None => {
                self.probe("calls_open");
                "no answer".to_owned()
            }
            Some(Ok(value)) => {
                if let Some(task) = value.as_ref() {
                    lock(&self.callers.tasks).push(task.clone());
                }
                self.probe("calls_done");
                "done".to_owned()
            }
            Some(Err(error)) => {
                self.probe("calls_refused");
                error.to_string()
            }
        };
        let host = door.host;
        self.callers
            .shared
            .trace(format!("client {number} on host {host}: {method}: {outcome}"));
    }

    fn probe(&self, name: &'static str) {
        self.callers.shared.probe(name);
    }

    fn some_task(&mut self) -> Option<Ref> {
        let tasks = lock(&self.callers.tasks);
        // One of the last: the others are over.
        let last: Vec<&Ref> = tasks.iter().rev().take(3).collect();
        last.get(self.random.index(last.len())).map(|task| (*task).clone())
    }

    /// Something that fits the VM's state, as far as this host knows it.
    fn operation(&mut self, view: &View) -> (String, Vec<WireValue>) {
        let vms = self.callers.vms();
        let at = self.random.index(vms.len());
        let vm = vms.get(at).cloned().unwrap_or_else(Ref::null);
        let state = class("VM").and_then(|class| view.value(&vm, class.column("power_state")?));
        let fit = match state.as_ref().and_then(Value::as_text) {
            _ if self.random.percent(10) => self.random.one_of([HALTED, RUNNING, PAUSED, SUSPENDED]),
            Some("Running") => RUNNING,
            Some("Paused") => PAUSED,
            Some("Suspended") => SUSPENDED,
            _ => HALTED,
        };
        let name = self.random.pick(fit).unwrap_or("start");
        let mut params = vec![WireValue::Text(vm.as_str().to_owned())];
        match name {
            "start" | "resume" => params.extend([WireValue::Bool(self.random.percent(10)), WireValue::Bool(false)]),
            "start_on" | "resume_on" => {
                params.extend([self.some_host(view), WireValue::Bool(false), WireValue::Bool(false)]);
            }
            "pool_migrate" => {
                // Also of a guest that has not spoken yet.
                let force = WireValue::Text(self.random.one_of(["true", "false"]).to_owned());
                params.extend([
                    self.some_host(view),
                    WireValue::Struct(vec![("force".to_owned(), force)]),
                ]);
            }
            _ => {}
        }
        let prefix = self.random.one_of(["", "Async."]);
        (format!("{prefix}VM.{name}"), params)
    }

    fn some_host(&mut self, view: &View) -> WireValue {
        let hosts: Vec<&Ref> = class("host")
            .map(|class| view.refs(class).collect())
            .unwrap_or_default();
        let host = hosts.get(self.random.index(hosts.len()));
        WireValue::Text(host.map_or_else(String::new, |host| host.as_str().to_owned()))
    }

    /// With a session, made first if there is none. Nothing if there was no answer in time, or the host died.
    async fn ask(&mut self, door: &Door, method: &str, params: Vec<WireValue>) -> Option<Result<Value, ApiError>> {
        if self.session.is_none() {
            let nothing = || WireValue::Text(String::new());
            let login = send(door, "session.login_with_password", vec![nothing(), nothing()]).await?;
            match login {
                Ok(Value::Ref(session)) => self.session = Some(session),
                Ok(Value::Text(session)) => self.session = Some(Ref::new(&*session)),
                other => return Some(other),
            }
        }
        let session = self.session.as_ref().map_or("", Ref::as_str).to_owned();
        let params = std::iter::once(WireValue::Text(session)).chain(params).collect();
        let answer = send(door, method, params).await?;
        if answer.as_ref().is_err_and(|error| error.code == "SESSION_INVALID") {
            self.session = None;
        }
        Some(answer)
    }
}

async fn send(door: &Door, method: &str, params: Vec<WireValue>) -> Option<Result<Value, ApiError>> {
    let toolstack = door.toolstack.clone()?;
    let call = Call {
        method: method.to_owned(),
        params,
        origin: Origin::UnixSocket,
        task_id: None,
        subtask_of: None,
        task_other_config: Vec::new(),
        user_agent: None,
    };
    let running = door.runtime.spawn(async move { toolstack.call(call).await });
    let reply = tokio::time::timeout(PATIENCE, running).await.ok()?.ok()?;
    Some(match reply {
        Reply::Success(value) | Reply::Bare(value) => Ok(value),
        Reply::Pieces(piece) => Ok(piece.to_value()),
        Reply::Failure(error) => Err(error),
    })
}

/// A VM without devices.
fn vm_record(name: &str) -> WireValue {
    let mut fields: Vec<(String, WireValue)> = vec![
        ("name_label".to_owned(), WireValue::Text(name.to_owned())),
        ("VCPUs_max".to_owned(), WireValue::Int(1)),
        ("VCPUs_at_startup".to_owned(), WireValue::Int(1)),
        ("user_version".to_owned(), WireValue::Int(1)),
        ("is_a_template".to_owned(), WireValue::Bool(false)),
        ("HVM_shadow_multiplier".to_owned(), WireValue::Float(1.0)),
    ];
    for memory in ["static_max", "dynamic_max", "dynamic_min", "static_min", "target"] {
        fields.push((format!("memory_{memory}"), WireValue::Int(VM_BYTES)));
    }
    for (field, text) in [
        ("affinity", Ref::null().as_str()),
        ("actions_after_shutdown", "destroy"),
        ("actions_after_reboot", "restart"),
        ("actions_after_crash", "restart"),
        ("name_description", ""),
        ("PV_bootloader", ""),
        ("PV_kernel", ""),
        ("PV_ramdisk", ""),
        ("PV_args", ""),
        ("PV_bootloader_args", ""),
        ("PV_legacy_args", ""),
        ("PCI_bus", ""),
        ("recommendations", ""),
        ("HVM_boot_policy", ""),
    ] {
        fields.push((field.to_owned(), WireValue::Text(text.to_owned())));
    }
    for map in ["VCPUs_params", "HVM_boot_params", "platform", "other_config"] {
        fields.push((map.to_owned(), WireValue::Struct(Vec::new())));
    }
    WireValue::Struct(fields)
}
