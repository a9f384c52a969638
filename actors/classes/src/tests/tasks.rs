//! Tasks of clients and of the toolstack (golden/tasks.json).

use super::{NOW_MS, Pool, method};
use crate::task::{Header, begin_task, finish_task, reap_tasks};
use crate::{Caller, Rights, plan_async, rows};
use std::collections::BTreeMap;
use xenith_datamodel::{ApiError, Ref, Role, Value};
use xenith_pooldb::Transaction;

fn create(pool: &mut Pool) -> Ref {
    pool.call("task.create", vec!["l".into(), "d".into()])
        .unwrap()
        .as_ref()
        .unwrap()
        .clone()
}

#[test]
fn a_new_task_looks_as_xapi_makes_it() {
    let mut pool = Pool::of_one();
    let task = create(&mut pool);
    for (field, value) in [
        ("task.name_label", Value::text("l")),
        ("task.name_description", Value::text("d")),
        ("task.allowed_operations", Value::set([])),
        ("task.status", Value::text("pending")),
        ("task.progress", Value::Float(0.0)),
        ("task.type", Value::text("<none/>")),
        ("task.result", Value::text("")),
        ("task.error_info", Value::set([])),
        ("task.finished", Value::from(crate::cx::EPOCH)),
        ("task.resident_on", Value::Ref(pool.first("host"))),
        ("task.subtask_of", Value::Ref(Ref::null())),
        ("task.backtrace", Value::text("()")),
    ] {
        assert_eq!(pool.get(field, &task), value, "{field}");
    }
}

#[test]
fn clients_steer_their_tasks() {
    let mut pool = Pool::of_one();
    let task = create(&mut pool);
    for progress in [0.5, 1.5, -1.0] {
        pool.call("task.set_progress", vec![Value::from(&task), progress.into()])
            .unwrap();
        assert_eq!(pool.get("task.progress", &task), Value::Float(progress));
    }
    for status in ["failure", "cancelling", "success", "pending"] {
        pool.call("task.set_status", vec![Value::from(&task), status.into()])
            .unwrap();
        assert_eq!(pool.get("task.status", &task), Value::text(status));
        assert_eq!(pool.get("task.finished", &task), Value::from(crate::cx::EPOCH));
    }
}

#[test]
fn destroying_a_pending_task_only_marks_it() {
    let mut pool = Pool::of_one();
    let task = create(&mut pool);
    assert_eq!(pool.call("task.destroy", vec![Value::from(&task)]), Ok(Value::Void));
    let marks = pool.get("task.current_operations", &task);
    assert_eq!(marks, Value::text_map([("task", "destroy")]));
    let error = super::code(pool.call("task.destroy", vec![Value::from(&task)]));
    assert_eq!(
        error,
        format!("MAP_DUPLICATE_KEY [task, current_operations, {task}, task]")
    );
    let mut tx = Transaction::new(NOW_MS);
    finish_task(&pool.view, &mut tx, &task, Ok(String::new())).unwrap();
    pool.commit(&tx).unwrap();
    let error = super::code(pool.call("task.get_status", vec![Value::from(&task)]));
    assert_eq!(error, format!("HANDLE_INVALID [task, {task}]"));
}

#[test]
fn cancel_marks_once() {
    let mut pool = Pool::of_one();
    let task = create(&mut pool);
    for _ in 0..2 {
        pool.call("task.cancel", vec![Value::from(&task)]).unwrap();
    }
    let marks = pool.get("task.current_operations", &task);
    let marks = marks.as_map().unwrap();
    assert_eq!(marks.len(), 1);
    let key = marks[0].0.as_text().unwrap();
    assert!(key.starts_with("DummyRef:|") && key.ends_with("|task.cancel"), "{key}");
    assert_eq!(pool.get("task.status", &task), Value::text("pending"));
}

#[test]
fn work_ends_in_a_result_or_an_error_and_then_stays() {
    let mut pool = Pool::of_one();
    let begin = |pool: &mut Pool| {
        let header = Header {
            other_config: vec![("k".to_owned(), "v".to_owned())],
            subtask_of: None,
        };
        let begun = pool.context(|cx| {
            let mut tx = cx.transaction();
            begin_task(cx, &mut tx, "work", &header).map(|task| (tx, Value::Ref(task)))
        });
        begun.as_ref().unwrap().clone()
    };
    let finish = |pool: &mut Pool, task: &Ref, outcome| {
        let mut tx = Transaction::new(NOW_MS + 5000);
        finish_task(&pool.view, &mut tx, task, outcome).unwrap();
        pool.commit(&tx).unwrap();
    };
    let (good, bad, stopped) = (begin(&mut pool), begin(&mut pool), begin(&mut pool));
    assert_eq!(pool.get("task.other_config", &good), Value::text_map([("http:k", "v")]));
    finish(&mut pool, &good, Ok("<value></value>".to_owned()));
    finish(&mut pool, &good, Err(ApiError::plain("X")));
    assert_eq!(pool.get("task.status", &good), Value::text("success"));
    assert_eq!(pool.get("task.result", &good), Value::text("<value></value>"));
    assert_eq!(pool.get("task.progress", &good), Value::Float(1.0));
    finish(
        &mut pool,
        &bad,
        Err(ApiError::new("VM_BAD_POWER_STATE", ["vm", "halted", "running"])),
    );
    assert_eq!(pool.get("task.status", &bad), Value::text("failure"));
    let info = rows::enums(&["VM_BAD_POWER_STATE", "vm", "halted", "running"]);
    assert_eq!(pool.get("task.error_info", &bad), info);
    finish(
        &mut pool,
        &stopped,
        Err(ApiError::new("TASK_CANCELLED", [stopped.as_str()])),
    );
    assert_eq!(pool.get("task.status", &stopped), Value::text("cancelled"));
}

#[test]
fn an_async_call_is_one_transaction() {
    let mut pool = Pool::of_one();
    let ask = |pool: &mut Pool, name: &str, params: Vec<Value>| {
        let caller = pool.caller.clone();
        let mut cx = super::context(&pool.view, &mut pool.ids, &caller, NOW_MS);
        let text = |value: &Value| format!("<value>{value:?}</value>");
        let (tx, value) = plan_async(&mut cx, &method(name), params, &Header::default(), &text)?;
        pool.commit(&tx).unwrap();
        Ok::<Ref, ApiError>(value.as_ref().unwrap().clone())
    };
    let host = pool.first("host");
    let task = ask(
        &mut pool,
        "Async.host.compute_memory_overhead",
        vec![Value::from(&host)],
    )
    .unwrap();
    assert_eq!(
        pool.get("task.name_label", &task),
        Value::text("Async.host.compute_memory_overhead")
    );
    assert_eq!(pool.get("task.status", &task), Value::text("success"));
    assert_eq!(
        pool.get("task.result", &task),
        Value::from(format!("<value>{:?}</value>", Value::Int(1 << 30)))
    );
    let dead = vec![Value::Ref(Ref::new("OpaqueRef:dead"))];
    let task = ask(&mut pool, "Async.VM.destroy", dead).unwrap();
    assert_eq!(
        pool.get("task.error_info", &task),
        rows::enums(&["HANDLE_INVALID", "VM", "OpaqueRef:dead"])
    );
    let error = ask(&mut pool, "Async.host.get_server_localtime", vec![Value::from(&host)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Fault [No async mode for this operation (rpc: host.get_server_localtime)]"
    );
}

#[test]
fn tasks_of_others_need_an_operator() {
    let mut pool = Pool::of_one();
    let task = create(&mut pool);
    pool.caller = Caller {
        rights: Rights::Role(Role::VmAdmin),
        user_sid: "S-2".to_owned(),
        ..Caller::root()
    };
    let error = pool.call("task.destroy", vec![Value::from(&task)]).unwrap_err();
    assert_eq!(
        (&*error.code, error.params[0].as_str()),
        ("RBAC_PERMISSION_DENIED", "task.destroy/any")
    );
    pool.caller.rights = Rights::Role(Role::PoolOperator);
    assert_eq!(pool.call("task.destroy", vec![Value::from(&task)]), Ok(Value::Void));
}

#[test]
fn old_tasks_go() {
    let minute = 60_000;
    let mut pool = Pool::of_one();
    let (ended, waiting) = (create(&mut pool), create(&mut pool));
    pool.call("task.set_status", vec![Value::from(&ended), "success".into()])
        .unwrap();
    let none = BTreeMap::new();
    let at = |pool: &Pool, now, before: &BTreeMap<Ref, String>| reap_tasks(&pool.view, now, before).unwrap();
    assert_eq!(at(&pool, NOW_MS + 65 * minute, &none).transaction, None);
    let tx = at(&pool, NOW_MS + 66 * minute, &none).transaction.unwrap();
    pool.commit(&tx).unwrap();
    assert!(!pool.view.contains(rows::class("task").unwrap(), &ended));
    let day = NOW_MS + 25 * 60 * minute;
    let first = at(&pool, day, &none);
    assert_eq!(first.transaction, None);
    pool.call("task.set_progress", vec![Value::from(&waiting), 0.5.into()])
        .unwrap();
    let second = at(&pool, day, &first.progress);
    assert_eq!(second.transaction, None, "it moved");
    let third = at(&pool, day, &second.progress);
    assert_eq!(third.transaction.unwrap().changes.len(), 1);
}

#[test]
fn above_two_hundred_the_oldest_finished_go() {
    let mut pool = Pool::of_one();
    for _ in 0..203 {
        let task = create(&mut pool);
        pool.call("task.set_status", vec![Value::from(&task), "success".into()])
            .unwrap();
        pool.now_ms += 1000;
    }
    let tx = reap_tasks(&pool.view, pool.now_ms, &BTreeMap::new())
        .unwrap()
        .transaction
        .unwrap();
    assert_eq!(tx.changes.len(), 3);
}
