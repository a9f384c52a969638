"""Ansible's unmodified xenserver modules against a pool. Usage: ansible_modules.py PATH-OF-XENITH

All tasks go through one run of ansible-playbook; what each answered is looked at afterwards.
"""

import json
import os
import subprocess
import sys
import tempfile

from pool import PASSWORD, Pool
from run import VM

COLLECTION = "community.general.xenserver_"


def prepare(pool):
    """VMs to look at, and what the tasks are told of them."""
    api = pool.login().xenapi
    network = api.network.get_by_name_label(next(iter(api.network.get_all_records().values()))["name_label"])[0]
    vm = api.VM.create({**VM, "name_label": "facts", "name_description": "of a guest"})
    api.VIF.create({"device": "0", "network": network, "VM": vm, "MAC": "", "MTU": "1500", "other_config": {},
                    "qos_algorithm_type": "", "qos_algorithm_params": {}})
    api.VBD.create({"VM": vm, "VDI": "OpaqueRef:NULL", "userdevice": "3", "bootable": False, "mode": "RO", "type": "CD",
                    "unpluggable": True, "empty": True, "other_config": {}, "qos_algorithm_type": "",
                    "qos_algorithm_params": {}})
    for name in ("twin", "twin", "changed", "doomed"):
        api.VM.create({**VM, "name_label": name})
    return api, vm


def tasks(pool, uuid):
    """Name, module, its parameters beside those of the connection."""
    supporter = {"hostname": pool.url(2)}
    return [
        ("by_uuid", "guest_info", {"uuid": uuid}),
        ("by_name", "guest_info", {"name": "facts"}),
        ("no_uuid", "guest_info", {"uuid": "4a1b0000-0000-4000-8000-000000000000"}),
        ("no_name", "guest_info", {"name": "nobody"}),
        ("twins", "guest_info", {"name": "twin"}),
        ("bad_password", "guest_info", {"uuid": uuid, "password": "wrong"}),
        ("supporter", "guest_info", {"uuid": uuid, **supporter}),
        ("as_it_is", "guest_powerstate", {"uuid": uuid}),
        ("off_already", "guest_powerstate", {"uuid": uuid, "state": "powered-off"}),
        ("restart_halted", "guest_powerstate", {"uuid": uuid, "state": "restarted"}),
        ("start", "guest_powerstate", {"uuid": uuid, "state": "powered-on"}),
        ("change", "guest", {"name": "changed", "name_desc": "by ansible", "folder": "/a/b",
                             "hardware": {"num_cpus": 2, "memory_mb": 256},
                             "custom_params": [{"key": "HVM_boot_params", "value": {"order": "n"}}]}),
        ("change_again", "guest", {"name": "changed", "name_desc": "by ansible"}),
        ("deploy", "guest", {"name": "linked", "template": "Other install media", "linked_clone": True}),
        ("deploy_full_copy", "guest", {"name": "copied", "template": "Other install media"}),
        ("destroy", "guest", {"name": "doomed", "state": "absent"}),
        ("destroy_again", "guest", {"name": "doomed", "state": "absent"}),
    ]


def play(pool, steps, folder):
    connection = {"hostname": pool.url(pool.coordinator()), "username": "root", "password": PASSWORD}
    listed = [
        {"name": name, COLLECTION + module: {**connection, **params}, "register": name, "ignore_errors": True}
        for name, module, params in steps
    ]
    answers = os.path.join(folder, "answers.json")
    shown = "{{ {" + ", ".join(f"'{name}': {name}" for name, _, _ in steps) + "} | to_json }}"
    listed.append({"ansible.builtin.copy": {"content": shown, "dest": answers}})
    playbook = os.path.join(folder, "play.json")
    python = {"ansible_python_interpreter": sys.executable}
    plays = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": python, "tasks": listed}]
    with open(playbook, "w", encoding="utf-8") as file:
        json.dump(plays, file)
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    here = {**os.environ, "ANSIBLE_HOME": folder, "ANSIBLE_LOCALHOST_WARNING": "False", "ANSIBLE_NOCOLOR": "1"}
    ran = subprocess.run([program, "-i", "localhost,", playbook], env=here, capture_output=True, text=True, timeout=300)
    if ran.returncode != 0:
        raise RuntimeError(f"ansible-playbook: {ran.stdout}{ran.stderr}")
    with open(answers, encoding="utf-8") as file:
        return json.load(file)


def check_facts(got):
    facts = got["by_uuid"]["instance"]
    assert facts == got["by_name"]["instance"] == got["as_it_is"]["instance"], got
    assert (facts["name"], facts["name_desc"], facts["state"]) == ("facts", "of a guest", "poweredoff"), facts
    assert facts["hardware"] == {"num_cpus": 1, "num_cpu_cores_per_socket": 1, "memory_mb": 128}, facts
    assert facts["cdrom"] == {"type": "none"} and facts["disks"] == [] and not facts["is_template"], facts
    (network,) = facts["networks"]
    assert network["mtu"] == "1500" and network["vif_device"] == "0" and len(network["mac"]) == 17, network


def check_errors(got):
    for name, words in {
        "no_uuid": "VM with UUID '4a1b0000-0000-4000-8000-000000000000' not found",
        "no_name": "VM with name 'nobody' not found",
        "twins": "multiple VMs with name 'twin' found",
        "bad_password": "['SESSION_AUTHENTICATION_FAILED', 'root'",
        "supporter": "['HOST_IS_SLAVE', '127.0.0.1']",
        "restart_halted": "Cannot restart VM in state 'poweredoff'",
    }.items():
        assert got[name]["failed"] and words in got[name]["msg"], (name, got[name])


def check_changes(got, api):
    assert not got["off_already"]["changed"] and not got["off_already"].get("failed"), got["off_already"]
    assert got["change"]["changed"] and not got["change_again"]["changed"], (got["change"], got["change_again"])
    record = api.VM.get_record(api.VM.get_by_name_label("changed")[0])
    assert (record["name_description"], record["VCPUs_max"]) == ("by ansible", "2"), record
    assert record["memory_dynamic_max"] == str(256 << 20) and record["HVM_boot_params"] == {"order": "n"}, record
    assert record["other_config"]["folder"] == "/a/b", record
    assert got["destroy"]["changed"] and not got["destroy_again"]["changed"], (got["destroy"], got["destroy_again"])
    assert api.VM.get_by_name_label("doomed") == []


def check_life(got, api, vm):
    assert got["start"]["changed"] and api.VM.get_power_state(vm) == "Running", got["start"]
    for task, name in (("deploy", "linked"), ("deploy_full_copy", "copied")):
        assert got[task].get("changed"), got[task]
        (made,) = api.VM.get_by_name_label(name)
        assert not api.VM.get_is_a_template(made) and api.VM.get_power_state(made) == "Halted", got[task]


def main():
    with Pool(sys.argv[1]) as pool, tempfile.TemporaryDirectory() as folder:
        api, vm = prepare(pool)
        steps = tasks(pool, api.VM.get_uuid(vm))
        got = play(pool, steps, folder)
        check_facts(got)
        check_errors(got)
        check_changes(got, api)
        check_life(got, api, vm)
        assert pool.leaks() == []
    print(f"ansible: {len(steps)} tasks as they should be")


if __name__ == "__main__":
    main()
