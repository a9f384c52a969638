//! What is audited, over all messages of the tables, and what of their parameters is shown.

use super::{Pool, method};
use crate::audit::{self, Looking, MOST_KEYS, MOST_OBJECTS, Touched, Verdict, Who, is_audited, is_audited_handler};
use crate::session::{Identity, plan_login, row_ref};
use crate::{Caller, How, PlanCx, how};
use expect_test::expect;
use xenith_datamodel::{ApiError, CallMode, Method, Ref, Role, Type, Value};

/// Stands in every place where a client may write something.
const MARKER: &str = "words of the client";
const KEY: &str = "a key";

fn all_methods() -> impl Iterator<Item = Method> {
    let classes = xenith_datamodel::all_classes().filter(|class| !class.class().internal);
    classes.flat_map(|class| {
        class.messages().iter().map(move |message| Method {
            class,
            message,
            mode: CallMode::Sync,
        })
    })
}

fn name(method: &Method) -> String {
    format!("{}.{}", method.class.name(), method.message.name)
}

/// The rule goes by names, the planners by what they do: they must agree, but for messages that do something in xapi and need
/// not do anything here.
#[test]
fn whatever_changes_something_is_audited_and_what_only_looks_is_not() {
    let (mut compared, mut idle) = (0, Vec::new());
    for method in all_methods() {
        match how(&method) {
            How::Read if is_audited(method.message) => idle.push(name(&method)),
            How::Read => {}
            How::Write | How::Operate => assert!(is_audited(method.message), "{}", name(&method)),
            How::Runtime | How::NotBuilt | How::Removed => continue,
        }
        compared += 1;
    }
    assert!(compared > 1_000, "{compared}");
    expect![[r#"
        [
            "pool.detect_nonhomogeneous_external_auth",
            "pool.sync_database",
        ]
    "#]]
    .assert_debug_eq(&idle);
}

/// A message that answers nothing can only be there for what it does, or to complain.
#[test]
fn no_message_without_an_answer_goes_unseen_unless_it_asserts() {
    for method in all_methods().filter(|method| method.message.result == Type::Void) {
        let asserts = method.message.name.starts_with("assert_") || method.message.name == "local_assert_healthy";
        assert_eq!(is_audited(method.message), !asserts, "{}", name(&method));
    }
}

/// For a reader's eyes: every explicit message that leaves no line.
#[test]
fn the_explicit_messages_that_only_look() {
    let reads = all_methods().filter(|method| !method.message.is_implicit() && !is_audited(method.message));
    let mut text = String::new();
    for method in reads {
        text += &format!("{}\n", name(&method));
    }
    assert_eq!(
        text,
        include_str!("../../tests/not_audited.txt"),
        "tests/not_audited.txt"
    );
}

#[test]
fn logins_and_logouts_are_audited() {
    for name in [
        "session.login_with_password",
        "session.slave_login",
        "session.slave_local_login",
        "session.slave_local_login_with_password",
        "session.logout",
        "session.local_logout",
        "session.change_password",
        "event.inject",
        "pool.initial_auth",
    ] {
        assert!(is_audited(method(name).message), "{name}");
    }
}

/// Of what is said at a login the name and the originator are told, and never the password or the pool's secret.
#[test]
fn of_a_login_only_names_are_told() {
    let mut logins = 0;
    for method in all_methods() {
        let said = method.message.params.iter().map(|param| match param.name {
            "uname" => Value::text("eva"),
            "originator" => Value::text("a tool"),
            _ => filled(param.ty, MARKER, &Ref::null()),
        });
        let Some(who) = audit::login(&method, &said.collect::<Vec<_>>()) else {
            continue;
        };
        assert!(!format!("{who:?}").contains(MARKER), "{}: {who:?}", name(&method));
        assert!(!who.is_proven());
        let names = method.message.params.iter().any(|param| param.name == "uname");
        assert_eq!(who.user, if names { "eva" } else { "" }, "{}", name(&method));
        logins += 1;
    }
    assert_eq!(logins, 4);
}

#[test]
fn handlers_that_take_or_give_more_than_everybody_may_see() {
    let unseen: Vec<_> = xenith_datamodel::http_handlers()
        .iter()
        .filter(|handler| !is_audited_handler(handler))
        .map(|handler| handler.name)
        .collect();
    expect![[r#"
        [
            "get_audit_log",
            "get_blob",
            "get_host_rrds",
            "get_pool_update_download",
            "get_root",
            "get_services",
            "get_vm_rrds",
            "get_wlb_diagnostics",
            "get_wlb_report",
            "host_rrd",
            "post_json_options",
            "post_jsonrpc_options",
            "post_root_options",
            "rrd_updates",
            "sr_rrd",
            "vm_rrd",
        ]
    "#]]
    .assert_debug_eq(&unseen);
}

/// A value of the type with `text` for every text and `reference` for every ref.
fn filled(ty: Type, text: &str, reference: &Ref) -> Value {
    match ty {
        Type::String | Type::Secret | Type::Enum(_) => Value::text(text),
        Type::Ref(_) => Value::from(reference),
        Type::Set(of) | Type::Option(of) => Value::set([filled(*of, text, reference)]),
        Type::Map(key, of) => Value::map([(filled(*key, KEY, reference), filled(*of, text, reference))]),
        Type::Record(of) => match xenith_datamodel::class(of) {
            Some(class) => Value::record(class.columns().map(|column| {
                let desc = column.desc();
                (desc.name, filled(desc.ty, text, reference))
            })),
            None => Value::record([("x", Value::text(text))]),
        },
        other => other.empty_value(),
    }
}

fn touched(view: &xenith_pooldb::View, method: &Method, reference: &Ref) -> Touched {
    let params = method.message.params.iter();
    let params: Vec<Value> = params.map(|param| filled(param.ty, MARKER, reference)).collect();
    let looking = Looking {
        before: view,
        after: view,
    };
    looking.touched(method, &params)
}

#[test]
fn no_text_and_no_unknown_ref_of_any_message_is_shown() {
    let pool = Pool::of_one();
    let nobody = Ref::new(format!("OpaqueRef:{MARKER}"));
    let mut keys = 0;
    for method in all_methods() {
        // The key of an `add_to_` is shown, the value beside it is not.
        let params = method.message.params.iter().map(|param| match param.name {
            "key" => Value::text(KEY),
            _ => filled(param.ty, MARKER, &nobody),
        });
        let looking = Looking {
            before: &pool.view,
            after: &pool.view,
        };
        let found = looking.touched(&method, &params.collect::<Vec<_>>());
        assert!(!format!("{found:?}").contains(MARKER), "{}: {found:?}", name(&method));
        assert!(found.keys.iter().all(|key| key == KEY), "{found:?}");
        keys += found.keys.len();
        if method.message.secret {
            assert_eq!(found.keys, Vec::<String>::new(), "{}", name(&method));
        }
    }
    assert!(keys > 100, "{keys}");
}

fn with_session(pool: &mut Pool, identity: &Identity) -> Ref {
    let caller = Caller::root();
    let mut cx = PlanCx {
        view: &pool.view,
        caller: &caller,
        now_ms: pool.now_ms,
        ids: &mut pool.ids,
        this_host: Ref::null(),
        silent: &crate::ALL_HEARD,
    };
    let (tx, secret) = plan_login(&mut cx, identity).unwrap();
    pool.commit(&tx).unwrap();
    secret.as_ref().cloned().unwrap()
}

/// Wherever a session's ref is given for a ref, as its own class or as another, it is not shown.
#[test]
fn a_session_is_only_shown_by_its_row() {
    let mut pool = Pool::of_one();
    let secret = with_session(&mut pool, &Identity::local("root", "a client", Ref::null()));
    let bare = secret.as_str().strip_prefix("OpaqueRef:").unwrap();
    let mut rows = 0;
    for method in all_methods() {
        let found = format!("{:?}", touched(&pool.view, &method, &secret));
        assert!(!found.contains(bare), "{}: {found}", name(&method));
        let row = row_ref(&secret);
        rows += usize::from(found.contains(row.as_str().strip_prefix("OpaqueRef:").unwrap()));
    }
    assert!(rows >= 10, "{rows}");
}

#[test]
fn rows_are_shown_with_their_uuids_also_when_the_call_made_or_ended_them() {
    let mut pool = Pool::of_one();
    let before = pool.view.clone();
    let network = pool.first("network");
    let mut tx = xenith_pooldb::Transaction::new(pool.now_ms);
    tx.destroy(xenith_datamodel::class("network").unwrap(), &network);
    pool.commit(&tx).unwrap();
    let looking = Looking {
        before: &before,
        after: &pool.view,
    };
    let destroy = method("network.destroy");
    let found = looking.touched(&destroy, &[Value::from(&network)]);
    assert_eq!(
        (found.objects[0].class, found.objects[0].param.as_str()),
        ("network", "self")
    );
    assert_eq!(found.objects[0].reference, network.as_str());
    assert_eq!(found.objects[0].uuid.len(), 36);
    let turned = Looking {
        before: &pool.view,
        after: &before,
    };
    let get = method("network.create");
    let made = turned.result(get.message, &Value::from(&network)).unwrap();
    assert_eq!(
        (made.param.as_str(), made.reference.as_str()),
        ("result", network.as_str())
    );
    let gone = Looking {
        before: &pool.view,
        after: &pool.view,
    };
    assert_eq!(
        gone.touched(&destroy, &[Value::from(&network)]).objects[0].reference,
        "not there"
    );
    let vm = pool.first("VM");
    let uuid = pool.get("VM.uuid", &vm).as_text().unwrap().to_owned();
    let gone = Looking {
        before: &pool.view,
        after: &pool.view,
    };
    let query = [("uuid", uuid), ("session_id", "x".to_owned()), ("uuid", "x".to_owned())];
    let query = query.map(|(name, value)| (name.to_owned(), value));
    let asked = gone.of_query(&query);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].class, "VM");
}

#[test]
fn a_line_stays_short() {
    let pool = Pool::of_one();
    let call = method("VM.set_other_config");
    let vm = Value::Ref(pool.first("VM"));
    let many = Value::map((0..1000).map(|n| (Value::text("k".repeat(1000)), Value::Int(n))));
    let looking = Looking {
        before: &pool.view,
        after: &pool.view,
    };
    let found = looking.touched(&call, &[vm.clone(), many]);
    assert_eq!((found.keys.len(), found.keys[0].len()), (MOST_KEYS, 64));
    let refs = Value::set(std::iter::repeat_n(vm, 1000));
    let set = method("pool.set_suspend_image_SR");
    let sets = method("VM.set_blocked_operations");
    assert!(looking.touched(&set, std::slice::from_ref(&refs)).objects.is_empty());
    let many_refs = all_methods().find(|method| {
        let first = method.message.params.first();
        first.is_some_and(|param| param.ty == Type::Set(&Type::Ref("VM")))
    });
    let found = many_refs.map(|method| looking.touched(&method, std::slice::from_ref(&refs)));
    assert!(found.is_none_or(|found| found.objects.len() == MOST_OBJECTS));
    assert!(
        looking.touched(&sets, &[]).objects.is_empty(),
        "parameters may be missing"
    );
    assert_eq!(Who::unproven(&"u".repeat(1000), "o").user.len(), 64);
}

#[test]
fn who_calls_and_how_it_ended() {
    let mut pool = Pool::of_one();
    let identity = Identity {
        user_sid: "S-1-5".to_owned(),
        is_local_superuser: false,
        role: Some(Role::VmAdmin),
        ..Identity::local("eva", "XenCenter", Ref::null())
    };
    let secret = with_session(&mut pool, &identity);
    let who = Who::of_session(&pool.view, &row_ref(&secret)).unwrap();
    assert_eq!(
        (who.user.as_str(), who.sid.as_str(), who.role, who.originator.as_str()),
        ("eva", "S-1-5", "vm-admin", "XenCenter")
    );
    assert!(!format!("{who:?}").contains(secret.as_str()));
    assert_eq!(Who::of_session(&pool.view, &secret), None, "a secret is no row");
    let verdict = |code: &'static str, name: &str, who: &Who| {
        let error = ApiError::plain(code);
        Verdict::of(Err(&error), Some(method(name).message), who)
    };
    let vm = "VM.start";
    assert_eq!(verdict("RBAC_PERMISSION_DENIED", vm, &who), Verdict::Denied);
    assert_eq!(verdict("SESSION_INVALID", vm, &Who::default()), Verdict::Denied);
    assert_eq!(verdict("VM_BAD_POWER_STATE", vm, &who), Verdict::Failed);
    assert_eq!(verdict("HOST_IS_SLAVE", vm, &who), Verdict::SentOn);
    assert_eq!(verdict("INTERNAL_ERROR", vm, &who), Verdict::Failed);
    assert_eq!(
        verdict("INTERNAL_ERROR", "pool.audit_log_append", &who),
        Verdict::Denied
    );
    let root = Who::of_caller(&Caller::root());
    assert_eq!(
        verdict("INTERNAL_ERROR", "pool.audit_log_append", &root),
        Verdict::Failed
    );
    assert_eq!(Verdict::of(Ok(()), None, &who), Verdict::Allowed);
}
