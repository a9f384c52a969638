"""The unmodified PyPI XenAPI module against a three-host pool. Usage: run.py PATH-OF-XENITH"""

import os
import sys
import time
import traceback

import XenAPI

from pool import Pool

VM = {
    "name_label": "python", "name_description": "", "user_version": "1", "is_a_template": False,
    "affinity": "OpaqueRef:NULL", "memory_static_max": "134217728", "memory_dynamic_max": "134217728",
    "memory_dynamic_min": "134217728", "memory_static_min": "67108864", "VCPUs_params": {}, "VCPUs_max": "1",
    "VCPUs_at_startup": "1", "actions_after_shutdown": "destroy", "actions_after_reboot": "restart",
    "actions_after_crash": "restart", "PV_bootloader": "", "PV_kernel": "", "PV_ramdisk": "", "PV_args": "",
    "PV_bootloader_args": "", "PV_legacy_args": "", "HVM_boot_policy": "BIOS order",
    "HVM_boot_params": {"order": "cd"}, "platform": {}, "PCI_bus": "", "other_config": {}, "recommendations": "",
    "ha_restart_priority": "",
}


def expect_failure(code, call, *arguments):
    try:
        call(*arguments)
    except XenAPI.Failure as failure:
        assert failure.details[0] == code, failure.details
        return failure.details
    raise AssertionError(f"{code} was expected")


def eventually(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)


def test_objects(pool):
    session = pool.login()
    api = session.xenapi
    vm = api.VM.create(VM)
    assert api.VM.get_name_label(vm) == "python"
    assert api.VM.get_power_state(vm) == "Halted"
    record = api.VM.get_record(vm)
    assert record["memory_static_max"] == "134217728" and record["HVM_boot_params"] == {"order": "cd"}
    assert api.VM.get_by_uuid(record["uuid"]) == vm
    api.VM.set_name_label(vm, "renamed")
    assert api.VM.get_by_name_label("renamed") == [vm] and api.VM.get_by_name_label("python") == []
    api.VM.add_to_other_config(vm, "key", "value")
    expect_failure("MAP_DUPLICATE_KEY", api.VM.add_to_other_config, vm, "key", "value")
    assert list(api.VM.get_all_records_where('field "name__label" = "renamed"')) == [vm]
    network = next(iter(api.network.get_all()))
    vif = api.VIF.create({"device": "0", "network": network, "VM": vm, "MAC": "", "MTU": "1500", "other_config": {},
                          "qos_algorithm_type": "", "qos_algorithm_params": {}})
    vbd = api.VBD.create({"VM": vm, "VDI": "OpaqueRef:NULL", "userdevice": "autodetect", "bootable": False,
                          "mode": "RO", "type": "CD", "unpluggable": True, "empty": True, "other_config": {},
                          "qos_algorithm_type": "", "qos_algorithm_params": {}})
    assert api.VM.get_VIFs(vm) == [vif] and api.VM.get_VBDs(vm) == [vbd]
    assert vif in api.network.get_VIFs(network)
    api.VM.destroy(vm)
    expect_failure("HANDLE_INVALID", api.VM.get_record, vm)
    expect_failure("HANDLE_INVALID", api.VIF.get_record, vif)
    expect_failure("UUID_INVALID", api.VM.get_by_uuid, record["uuid"])
    session.logout()


def test_pool_is_there(pool):
    api = pool.login().xenapi
    assert len(api.host.get_all()) == 3
    assert {host["address"] for host in api.host.get_all_records().values()} == {f"127.0.0.{k}" for k in (1, 2, 3)}
    (pool_ref,) = api.pool.get_all()
    assert api.host.get_address(api.pool.get_master(pool_ref)) == "127.0.0.1"
    assert api.VM.get_by_name_label("Other install media")
    assert api.host.get_API_version_major(api.pool.get_master(pool_ref)) == "2"
    dom0s = [vm for vm in api.VM.get_all_records().values() if vm["is_control_domain"]]
    assert len(dom0s) == 3


def test_logins(pool):
    facts = pool.facts()
    bad = XenAPI.Session(pool.url(1))
    expect_failure("SESSION_AUTHENTICATION_FAILED", bad.login_with_password, "root", "wrong")
    for password in (facts["password"], "wrong"):
        supporter = XenAPI.Session(pool.url(2))
        details = expect_failure("HOST_IS_SLAVE", supporter.login_with_password, "root", password)
        assert details[1] == "127.0.0.1", details
    session = pool.login()
    reference = session.handle
    session.logout()
    # Past the module's own retry of the login.
    reply = session.VM.get_all(reference)
    assert reply["ErrorDescription"] == ["SESSION_INVALID", reference], reply


def test_events(pool):
    session = pool.login()
    api = session.xenapi
    first = getattr(api.event, "from")(["vm"], "", 0.0)
    assert {event["operation"] for event in first["events"]} == {"add"}
    vm = api.VM.create(VM)
    batch = getattr(api.event, "from")(["vm"], first["token"], 10.0)
    assert [(event["operation"], event["ref"]) for event in batch["events"]] == [("add", vm)]
    assert batch["events"][0]["snapshot"]["name_label"] == "python"
    api.VM.set_name_label(vm, "changed")
    batch = getattr(api.event, "from")([f"vm/{vm}"], batch["token"], 10.0)
    assert batch["events"][0]["operation"] == "mod" and batch["events"][0]["snapshot"]["name_label"] == "changed"
    api.VM.destroy(vm)
    batch = getattr(api.event, "from")(["vm"], batch["token"], 10.0)
    assert [(event["operation"], event["ref"]) for event in batch["events"]] == [("del", vm)]
    assert batch["valid_ref_counts"]["vm"] == len(api.VM.get_all())
    assert getattr(api.event, "from")(["vm"], batch["token"], 0.1)["events"] == []


def test_session_task_and_token_survive_the_coordinator(pool):
    session = pool.login()
    api = session.xenapi
    task = api.task.create("survivor", "")
    token = getattr(api.event, "from")(["task"], "", 0.0)["token"]
    old = pool.coordinator()
    pool.kill(old)
    new = pool.coordinator()
    assert new != old
    moved = XenAPI.Session(pool.url(new))
    moved._session = session.handle
    api = moved.xenapi
    assert api.task.get_status(task) == "pending"
    api.task.set_progress(task, 0.5)
    events = getattr(api.event, "from")(["task"], token, 10.0)["events"]
    assert [event["ref"] for event in events] == [task] and events[0]["operation"] == "mod", events
    pool.start_again(old)
    (pool_ref,) = api.pool.get_all()
    assert api.host.get_address(api.pool.get_master(pool_ref)) == f"127.0.0.{new}"

    def returned():
        details = expect_failure("HOST_IS_SLAVE", XenAPI.Session(pool.url(old)).login_with_password, "root", "any")
        return details[1] == f"127.0.0.{new}"

    eventually(lambda: quiet(returned))


def test_vm_life_cycle(pool):
    """On a host other than the coordinator, by plain and Async calls, as events and tasks tell it."""
    session = pool.login(pool.coordinator())
    api = session.xenapi
    vm = api.VM.create({**VM, "name_label": "life cycle"})
    home = next(host for host in api.host.get_all() if host != api.pool.get_master(api.pool.get_all()[0]))
    follow = getattr(api.event, "from")
    token = follow(["vm"], "", 0.0)["token"]
    api.VM.start_on(vm, home, True, False)
    assert (api.VM.get_power_state(vm), api.VM.get_resident_on(vm)) == ("Paused", home)
    expect_failure("VM_BAD_POWER_STATE", api.VM.pause, vm)
    api.VM.unpause(vm)
    for operation in ("suspend", "pool_migrate", "clean_shutdown"):
        eventually(lambda: operation in api.VM.get_allowed_operations(vm))
    api.VM.suspend(vm)
    assert api.VM.get_power_state(vm) == "Suspended" and api.VM.get_suspend_VDI(vm) != "OpaqueRef:NULL"
    api.VM.resume(vm, False, False)
    eventually(lambda: "pool_migrate" in api.VM.get_allowed_operations(vm))
    away = next(host for host in api.host.get_all() if host != api.VM.get_resident_on(vm))
    task = session.xenapi.Async.VM.pool_migrate(vm, away, {})
    eventually(lambda: api.task.get_status(task) != "pending")
    assert (api.task.get_status(task), api.task.get_progress(task)) == ("success", 1.0), api.task.get_record(task)
    api.task.destroy(task)
    assert api.VM.get_resident_on(vm) == away
    api.VM.hard_reboot(vm)
    eventually(lambda: "clean_shutdown" in api.VM.get_allowed_operations(vm))
    api.VM.clean_shutdown(vm)
    states = [event["snapshot"]["power_state"] for event in follow(["vm"], token, 5.0)["events"]
              if event["ref"] == vm]
    assert states[-1] == "Halted" and api.VM.get_resident_on(vm) == "OpaqueRef:NULL", states
    told = {message["name"] for message in api.message.get_all_records().values()}
    assert {"VM_STARTED", "VM_SUSPENDED", "VM_RESUMED", "VM_REBOOTED", "VM_SHUTDOWN"} <= told, told
    api.VM.destroy(vm)


def quiet(condition):
    try:
        return condition()
    except OSError:
        return False


def test_hand_over(pool):
    old = pool.coordinator()
    session = pool.login(old)
    api = session.xenapi
    hosts = {host["address"]: ref for ref, host in api.host.get_all_records().items()}
    for _ in range(3):
        now = pool.coordinator()
        target = now % 3 + 1
        eventually(lambda: hand_over_taken(pool.login(pool.coordinator()).xenapi, hosts[f"127.0.0.{target}"]))
        assert pool.coordinator() == target
        # The session pinned to the first coordinator's address sees no error.
        assert len(api.host.get_all()) == 3
        vm = api.VM.create(VM)
        api.VM.destroy(vm)


def hand_over_taken(api, host):
    api.pool.designate_new_master(host)
    return True


def test_no_log_holds_a_secret(pool):
    session = pool.login(pool.coordinator())
    pool_ref = session.xenapi.pool.get_all()[0]
    session.xenapi.pool.set_name_label(pool_ref, "searched")
    assert len(pool.secrets) > 3
    assert pool.leaks() == []
    # The search must be able to fail, for the audit log too.
    for log in ("host-1/xenith.log", "host-1/state/audit.log"):
        path = os.path.join(pool.dir, log)
        with open(path, "ab") as file:
            length = file.seek(0, os.SEEK_END)
            file.write(f"planted by a test: {session.handle}\n".encode())
        assert [leak.rsplit(":", 1)[0] for leak in pool.leaks()] == [path]
        os.truncate(path, length)


def main():
    # The last one looks at what all others have left.
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    failed = 0
    with Pool(sys.argv[1]) as pool:
        for test in tests:
            try:
                test(pool)
                print(f"ok {test.__name__}")
            except Exception:  # a test may fail in any way; the others still run
                failed += 1
                print(f"FAILED {test.__name__}")
                traceback.print_exc()
        if failed:
            raise SystemExit(f"python client: {failed} of {len(tests)} failed")
    print(f"python client: {len(tests)} passed")


if __name__ == "__main__":
    main()
