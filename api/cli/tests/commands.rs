//! xe's commands against a small database in memory; what they print is as xapi's xe printed it (golden xe.json).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may fail the test")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use xenith_cli::args::parse;
use xenith_cli::commands::{Api, execute};
use xenith_client::CallError;
use xenith_datamodel::{ApiError, Ref, Value};
use xenith_wire::{Reply, WireValue, jsonrpc};

type Record = BTreeMap<String, Value>;

/// Objects by class and ref; answers the implicit messages.
#[derive(Default)]
struct Server {
    objects: Mutex<BTreeMap<(String, String), Record>>,
    calls: Mutex<Vec<String>>,
}

impl Server {
    fn with(self, class: &str, reference: &str, fields: &[(&str, Value)]) -> Server {
        let id = xenith_datamodel::class(class).unwrap();
        let mut record: Record = id
            .columns()
            .map(|c| (c.desc().name.to_owned(), c.default_value()))
            .collect();
        record.insert("uuid".into(), Value::text(format!("{reference}-uuid")));
        for (name, value) in fields {
            assert!(
                record.insert((*name).to_owned(), value.clone()).is_some(),
                "{class}.{name}"
            );
        }
        self.objects
            .lock()
            .unwrap()
            .insert((class.to_owned(), reference.to_owned()), record);
        self
    }

    fn answer(&self, method: &str, params: &[Value]) -> Result<Value, ApiError> {
        let (class, message) = method.split_once('.').unwrap();
        let mut objects = self.objects.lock().unwrap();
        let record_of = |r: &Record| Value::record(r.iter().map(|(n, v)| (n, v.clone())));
        let of_class = objects.iter().filter(|((c, _), _)| c == class);
        if message == "get_all_records" {
            return Ok(Value::record(of_class.map(|((_, r), record)| (r, record_of(record)))));
        }
        if message == "designate_new_master" {
            return Ok(Value::Void);
        }
        let first = match &params[0] {
            Value::Ref(reference) => reference.to_string(),
            other => other.as_text().unwrap().to_owned(),
        };
        if message == "get_by_uuid" {
            let mut with = of_class.filter(|(_, record)| record["uuid"] == Value::text(&first));
            let found = with.next().ok_or_else(|| ApiError::uuid_invalid(class, &first))?;
            return Ok(Value::Ref(Ref::new(&found.0.1)));
        }
        let Some(record) = objects.get_mut(&(class.to_owned(), first.clone())) else {
            return Err(ApiError::handle_invalid(class, &Ref::new(&first)));
        };
        if message == "get_record" {
            return Ok(record_of(record));
        }
        for (prefix, keyed) in [
            ("remove_from_", true),
            ("add_to_", true),
            ("get_", false),
            ("set_", false),
        ] {
            let Some(field) = message.strip_prefix(prefix) else {
                continue;
            };
            let value = record.get_mut(field).unwrap();
            if prefix == "set_" {
                *value = params[1].clone();
            }
            if keyed {
                let mut pairs = value.as_map().unwrap().to_vec();
                pairs.retain(|(k, _)| *k != params[1]);
                pairs.extend(params.get(2).map(|v| (params[1].clone(), v.clone())));
                *value = Value::map(pairs);
            }
            return Ok(if prefix == "get_" { value.clone() } else { Value::Void });
        }
        Ok(Value::Void)
    }

    /// One line of xe: what it printed, or what it said on stderr.
    async fn xe(&self, line: &[&str]) -> Result<String, String> {
        let argv: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        execute(self, &parse(&argv, "", "").unwrap())
            .await
            .map_err(|e| e.to_string())
    }
}

impl Api for Server {
    async fn call(&self, method: &str, params: &[Value]) -> Result<WireValue, CallError> {
        self.calls.lock().unwrap().push(method.to_owned());
        let call = jsonrpc::decode_call(&jsonrpc::encode_call(1, method, params)).unwrap();
        let reply = jsonrpc::encode_reply(&call.envelope, &Reply::from(self.answer(method, params)));
        jsonrpc::decode_reply(&reply).unwrap().map_err(CallError::Api)
    }
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn pool() -> Server {
    let config = Value::text_map([("k", "v"), ("mac_seed", "s")]);
    let vm = [
        ("name_label", text("golden")),
        ("power_state", text("Halted")),
        ("other_config", config),
        ("HVM_shadow_multiplier", Value::Float(1.0)),
        ("tags", Value::set([text("x"), text("y")])),
    ];
    Server::default()
        .with(
            "host",
            "h",
            &[("name_label", text("lab")), ("enabled", Value::Bool(true))],
        )
        .with("pool", "p", &[("master", Value::Ref(Ref::new("h")))])
        .with("VM", "a", &vm)
        .with(
            "VM",
            "d",
            &[
                ("name_label", text("Control, domain")),
                ("power_state", text("Running")),
                ("is_control_domain", Value::Bool(true)),
                ("resident_on", Value::Ref(Ref::new("h"))),
            ],
        )
        .with(
            "VM",
            "t",
            &[("name_label", text("template")), ("is_a_template", Value::Bool(true))],
        )
        .with("VIF", "v", &[("VM", Value::Ref(Ref::new("a"))), ("device", text("0"))])
}

#[tokio::test]
async fn lists() {
    let server = pool();
    assert_eq!(
        server.xe(&["vm-list"]).await.unwrap(),
        "uuid ( RO)           : a-uuid\n     name-label ( RW): golden\n    power-state ( RO): halted\n\n\n\
         uuid ( RO)           : d-uuid\n     name-label ( RW): Control, domain\n    power-state ( RO): running\n\n\n"
    );
    assert_eq!(server.xe(&["vm-list", "--minimal"]).await.unwrap(), "a-uuid,d-uuid\n");
    assert_eq!(
        server
            .xe(&["vm-list", "params=name-label", "minimal=true"])
            .await
            .unwrap(),
        "golden,Control\\, domain\n"
    );
    assert_eq!(server.xe(&["vm-list", "params=nosuch"]).await.unwrap(), "\n\n\n\n\n\n");
    assert_eq!(server.xe(&["template-list", "--minimal"]).await.unwrap(), "t-uuid\n");
    assert_eq!(server.xe(&["sr-list"]).await.unwrap(), "");
    assert_eq!(server.xe(&["sr-list", "--minimal"]).await.unwrap(), "\n");
    assert_eq!(
        server.xe(&["vif-list"]).await.unwrap(),
        "uuid ( RO)            : v-uuid\n         vm-uuid ( RO): a-uuid\n          device ( RO): 0\n    \
         network-uuid ( RO): <not in database>\n\n\n"
    );
    assert_eq!(
        server
            .xe(&["vif-list", "vm-name-label=golden", "--minimal"])
            .await
            .unwrap(),
        "v-uuid\n"
    );
}

#[tokio::test]
async fn filters() {
    let server = pool();
    for (filter, matches) in [
        ("name-label=golden", "a-uuid\n"),
        ("power-state=running", "d-uuid\n"),
        ("power-state=Halted", "\n"),
        ("is-control-domain=false", "a-uuid\n"),
        ("is-control-domain=False", "\n"),
        ("resident-on=h-uuid", "d-uuid\n"),
        ("resident-on=lab", "\n"),
        ("other-config:k=v", "a-uuid\n"),
        ("other-config:k=w", "\n"),
        ("other-config:nosuch=v", "\n"),
        ("other-config:k", "\n"),
        ("tags:contains=x", "a-uuid\n"),
        ("tags:contains=z", "\n"),
    ] {
        assert_eq!(
            server.xe(&["vm-list", filter, "--minimal"]).await.unwrap(),
            matches,
            "{filter}"
        );
    }
    for unknown in ["nosuch=1", "--foo", "--minimal=true", "name-label:x=1"] {
        let name = unknown.trim_start_matches("--").trim_end_matches("=1");
        let error = server.xe(&["vm-list", unknown]).await.unwrap_err();
        assert_eq!(error, format!("Error: Unknown field '{name}'"));
    }
}

#[tokio::test]
async fn param_get_and_list() {
    let server = pool();
    let get = async |class: &str, name: &str| {
        let uuid = ["uuid=a-uuid", "uuid=h-uuid", "uuid=p-uuid"]
            [["vm", "host", "pool"].iter().position(|c| *c == class).unwrap()];
        server
            .xe(&[&format!("{class}-param-get"), uuid, &format!("param-name={name}")])
            .await
    };
    assert_eq!(get("vm", "power-state").await.unwrap(), "halted\n");
    assert_eq!(get("vm", "other-config").await.unwrap(), "k: v; mac_seed: s\n");
    assert_eq!(get("vm", "tags").await.unwrap(), "x; y\n");
    assert_eq!(get("vm", "HVM-shadow-multiplier").await.unwrap(), "1.000\n");
    assert_eq!(get("vm", "start-time").await.unwrap(), "<not in database>\n");
    assert_eq!(get("vm", "suspend-SR-uuid").await.unwrap(), "<not in database>\n");
    assert_eq!(get("host", "enabled").await.unwrap(), "true\n");
    assert_eq!(get("pool", "master").await.unwrap(), "h-uuid\n");
    assert_eq!(
        get("vm", "NAME-LABEL").await.unwrap_err(),
        "Error code: Missing parameter\nError parameters: NAME-LABEL"
    );
    let key = async |key: &str| {
        server
            .xe(&["vm-param-get", "uuid=a-uuid", "param-name=other-config", key])
            .await
    };
    assert_eq!(key("param-key=k").await.unwrap(), "v\n");
    assert_eq!(key("param-key=z").await.unwrap_err(), "Error: Key z not found in map");
    let all = server.xe(&["vm-param-list", "uuid=a-uuid"]).await.unwrap();
    assert!(
        all.starts_with("uuid ( RO)   ") && all.contains("other-config (MRW): k: v; mac_seed: s\n"),
        "{all}"
    );
    assert!(
        all.contains(" ha-always-run ( RW) [DEPRECATED]: false\n") && all.contains("tags (SRW): x; y\n"),
        "{all}"
    );
}

#[tokio::test]
async fn refusals() {
    let server = pool();
    let required = |name: &str| format!("Required parameter not found: {name}\nFor usage run: 'xe help'");
    assert_eq!(server.xe(&["vm-param-list"]).await.unwrap_err(), required("uuid"));
    assert_eq!(
        server.xe(&["vm-param-get", "uuid=a-uuid"]).await.unwrap_err(),
        required("param-name")
    );
    assert_eq!(
        server.xe(&["pool-designate-new-master"]).await.unwrap_err(),
        required("host-uuid")
    );
    let dead = server.xe(&["vm-param-list", "uuid=dead"]).await.unwrap_err();
    assert!(dead.ends_with("\ntype: VM\nuuid: dead"), "{dead}");
    for unknown in ["event-list", "blob-list", "vm-frobnicate", "vm-param"] {
        let error = server.xe(&[unknown]).await.unwrap_err();
        assert_eq!(error, format!("Unknown command: {unknown}\nFor usage run: 'xe help'"));
    }
}

#[tokio::test]
async fn refused_changes() {
    let server = pool();
    for (line, error) in [
        (
            ["host-param-set", "uuid=h-uuid", "enabled=false", ""],
            "Error: Field 'enabled' is read-only.",
        ),
        (
            ["vm-param-set", "uuid=a-uuid", "name-label:x=y", ""],
            "Error: Field 'name-label' is not a set or map",
        ),
        (
            ["vm-param-set", "uuid=a-uuid", "other-config=x", ""],
            "Error: Field 'other-config' is a map or set. use the 'name:key=value' syntax.",
        ),
        (
            ["vm-param-clear", "uuid=a-uuid", "param-name=power-state", ""],
            "Error: Can only clear RW parameters",
        ),
        (
            ["vm-param-add", "uuid=a-uuid", "param-name=name-label", "x=y"],
            "Error: Can only add to parameters of type Set or Map",
        ),
        (
            ["vm-param-remove", "uuid=a-uuid", "param-name=platform", "param-key=zz"],
            "Error: Key zz is not in map",
        ),
    ] {
        let line: Vec<&str> = line.into_iter().filter(|word| !word.is_empty()).collect();
        assert_eq!(server.xe(&line).await.unwrap_err(), error);
    }
}

#[tokio::test]
async fn param_changes() {
    let server = pool();
    for line in [
        [
            "vm-param-set",
            "name-label=a=b",
            "other-config:a:b=c",
            "is-a-template=false",
        ],
        ["vm-param-add", "param-name=other-config", "d=4", "param-key=f"],
        [
            "vm-param-remove",
            "param-name=other-config",
            "param-key=k",
            "minimal=true",
        ],
        ["vm-param-clear", "param-name=tags", "minimal=true", "minimal=true"],
        ["vm-param-set", "affinity=h-uuid", "minimal=true", "minimal=true"],
    ] {
        let mut line = line.to_vec();
        line.push("uuid=a-uuid");
        assert_eq!(server.xe(&line).await.unwrap(), "");
    }
    let get = async |name: &str| {
        server
            .xe(&["vm-param-get", "uuid=a-uuid", &format!("param-name={name}")])
            .await
            .unwrap()
    };
    assert_eq!(get("name-label").await, "a=b\n");
    assert_eq!(get("other-config").await, "mac_seed: s; a:b: c; f: ; d: 4\n");
    assert_eq!(get("tags").await, "\n");
    assert_eq!(get("affinity").await, "h-uuid\n");
}

#[tokio::test]
async fn direct_commands_and_many_refs() {
    let mut server = pool();
    server
        .xe(&["pool-designate-new-master", "host-uuid=h-uuid"])
        .await
        .unwrap();
    assert_eq!(
        *server.calls.lock().unwrap(),
        ["host.get_by_uuid", "pool.designate_new_master"]
    );
    for i in 0..20 {
        let vm = format!("m{i}");
        server = server
            .with("VM", &vm, &[])
            .with("VIF", &format!("w{i}"), &[("VM", Value::Ref(Ref::new(&vm)))]);
    }
    server.calls.lock().unwrap().clear();
    let uuids = server.xe(&["vif-list", "params=vm-uuid", "--minimal"]).await.unwrap();
    assert_eq!(uuids.split(',').count(), 21);
    assert_eq!(
        *server.calls.lock().unwrap(),
        ["VIF.get_all_records", "VM.get_all_records"]
    );
}
