//! One coordinator: login, implicit calls, and what bad calls are told.

use super::*;

#[tokio::test]
async fn login_write_read_logout() {
    let host = host();
    let s = host.login().await;
    let task = reference(host.asks("task.create", &[&s, "label", "text"]).await);
    assert_eq!(
        host.asks("task.get_name_label", &[&s, &task]).await,
        Ok(Value::text("label"))
    );
    assert_eq!(
        host.asks("task.set_progress", &[&s, &task, "0.5"]).await,
        Ok(Value::Void)
    );
    let record = host.asks("task.get_record", &[&s, &task]).await.unwrap();
    assert_eq!(record.member("progress"), Some(&Value::Float(0.5)));
    assert_eq!(host.asks("session.logout", &[&s]).await, Ok(Value::Void));
    assert_eq!(
        host.asks("task.get_all", &[&s]).await,
        Err(ApiError::new("SESSION_INVALID", [s]))
    );
}

#[tokio::test]
async fn a_wrong_password_is_told_like_an_unknown_user() {
    let host = host();
    for user in ["root", "nobody"] {
        let denied = host
            .asks("session.login_with_password", &[user, "bad"])
            .await
            .unwrap_err();
        assert_eq!(
            denied,
            ApiError::new("SESSION_AUTHENTICATION_FAILED", [user, "Authentication failure"])
        );
    }
    assert!(
        host.from(
            Origin::UnixSocket,
            "session.login_with_password",
            vec![text(""), text("")]
        )
        .await
        .is_ok()
    );
}

#[tokio::test]
async fn bad_calls_get_xenapis_errors_in_its_order() {
    let host = host();
    let s = host.login().await;
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("VM.nope", &[], &["MESSAGE_METHOD_UNKNOWN", "VM.nope"]),
        ("VM.nope", &["bad"], &["SESSION_INVALID", "bad"]),
        ("VM.nope", &[&s], &["MESSAGE_METHOD_UNKNOWN", "VM.nope"]),
        ("Nope.get_all", &[&s], &["MESSAGE_METHOD_UNKNOWN", "Nope.get_all"]),
        ("VM.get_nope", &[&s, "x"], &["MESSAGE_METHOD_UNKNOWN", "VM.get_nope"]),
        (
            "VM.get_all",
            &[],
            &["MESSAGE_PARAMETER_COUNT_MISMATCH", "VM.get_all", "0", "-1"],
        ),
        (
            "VM.get_record",
            &["bad"],
            &["MESSAGE_PARAMETER_COUNT_MISMATCH", "VM.get_record", "1", "0"],
        ),
        ("VM.get_all", &["bad"], &["SESSION_INVALID", "bad"]),
        (
            "VM.get_record",
            &[&s, "OpaqueRef:dead"],
            &["HANDLE_INVALID", "VM", "OpaqueRef:dead"],
        ),
        ("VM.get_by_uuid", &[&s, "dead"], &["UUID_INVALID", "VM", "dead"]),
        (
            "Async.VM.get_all",
            &[&s],
            &["Fault", "No async mode for this operation (rpc: VM.get_all)"],
        ),
        (
            "session.slave_local_login",
            &["secret"],
            &["SESSION_AUTHENTICATION_FAILED", "localhost", "Pool credentials invalid"],
        ),
    ];
    for (method, params, expected) in cases {
        let error = host.asks(method, params).await.unwrap_err();
        let got: Vec<&str> = std::iter::once(&*error.code)
            .chain(error.params.iter().map(String::as_str))
            .collect();
        assert_eq!(&got, expected, "{method} {params:?}");
    }
    let typed = host
        .ask("task.create", vec![text(&s), WireValue::Int(5), text("")])
        .await
        .unwrap_err();
    assert_eq!(typed.code, "INTERNAL_ERROR");
}

#[tokio::test]
async fn list_methods_is_bare_and_needs_no_session() {
    let host = host();
    let reply = host.toolstack.call(call("system.listMethods", Vec::new(), tcp())).await;
    let Reply::Bare(Value::Set(names)) = reply else {
        panic!("{reply:?}")
    };
    assert!(names.contains(&Value::text("VM.get_all")));
}

#[tokio::test]
async fn an_async_call_answers_a_finished_task() {
    let host = host();
    let s = host.login().await;
    let net = [("name_label", "n"), ("name_description", ""), ("MTU", "1500")];
    let mut record: Vec<_> = net.iter().map(|(k, v)| ((*k).to_owned(), text(v))).collect();
    record.push(("other_config".to_owned(), WireValue::Struct(Vec::new())));
    let params = vec![text(&s), WireValue::Struct(record)];
    let task = reference(host.ask("Async.network.create", params).await);
    assert_eq!(
        host.asks("task.get_status", &[&s, &task]).await,
        Ok(Value::text("success"))
    );
    let result = host.asks("task.get_result", &[&s, &task]).await.unwrap();
    assert!(result.as_text().unwrap().starts_with("<value>OpaqueRef:"), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn unused_sessions_end_and_used_ones_are_touched() {
    let host = host();
    let (used, unused) = (host.login().await, host.login().await);
    for _ in 0..3 {
        host.clock.0.fetch_add(9 * 60 * 60 * 1000, Ordering::SeqCst);
        host.asks("pool.get_all", &[&used]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(31)).await;
    }
    assert!(host.asks("pool.get_all", &[&used]).await.is_ok());
    assert_eq!(code(host.asks("pool.get_all", &[&unused]).await), "SESSION_INVALID");
}

#[tokio::test]
async fn metrics_count_calls() {
    let host = host();
    host.login().await;
    let _ = host.asks("VM.get_all", &["bad"]).await;
    let text = host.toolstack.metrics();
    assert!(text.contains("xenith_calls_total{result=\"success\"} 1"), "{text}");
    assert!(text.contains("xenith_calls_total{result=\"failure\"} 1"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
}
