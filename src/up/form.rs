//! Starting a development pool's hosts, and forming the pool: host 1 is a pool of one, the others join it by token.

use super::UpArguments;
use super::host_dir;
use super::pool_file::{PoolFile, PoolHost};
use super::processes::{Running, start_daemon, start_machine};
use crate::admin;
use crate::commands::{CommandError, with_link_port};
use crate::config::Config;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A daemon that does not serve within this time has failed.
const SERVES_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// One host of the pool, running.
pub struct RunningHost {
    number: u8,
    config: Config,
    machine: Option<Running>,
    daemon: Running,
}

pub async fn form_pool(dir: &Path, arguments: &UpArguments) -> Result<Vec<RunningHost>, CommandError> {
    let mut hosts = Vec::new();
    for number in 1..=arguments.hosts {
        let config = host_dir::make(dir, number, arguments)?;
        hosts.push(start_host(dir, number, config).await?);
    }
    let mut pool = PoolFile {
        username: "root".to_owned(),
        password: arguments.password.clone(),
        ca_file: dir.join("ca.pem"),
        hosts: hosts.iter().map(|host| describe(dir, host)).collect(),
    };
    for (host, entry) in hosts.iter_mut().zip(&mut pool.hosts) {
        wait_until_serving(host).await?;
        entry.uuid = admin::status(&host.config.unix_socket).await?.host_uuid;
    }
    pool.save(dir)?;
    let (first, others) = hosts.split_at_mut(1);
    for host in others {
        let link = with_link_port(
            &first[0].config.host.address.to_string(),
            first[0].config.listen.link_port,
        );
        let token = admin::token(&first[0].config.unix_socket).await?;
        admin::join(&host.config.unix_socket, &link, &token).await?;
        wait_until_serving(host).await?;
    }
    write_ca_file(&pool, &hosts)?;
    wait_until_all_vote(&hosts[0], hosts.len()).await?;
    announce(&pool);
    Ok(hosts)
}

/// Starts all hosts of an existing pool.
pub async fn start_again(dir: &Path, mut pool: PoolFile) -> Result<Vec<RunningHost>, CommandError> {
    let mut hosts = Vec::new();
    for number in 1..=u8::try_from(pool.hosts.len()).unwrap_or(u8::MAX) {
        let config = Config::load(&host_dir::path(dir, number).join("xenith.toml"))?;
        hosts.push(start_host(dir, number, config).await?);
    }
    for (host, entry) in hosts.iter_mut().zip(&mut pool.hosts) {
        entry.pid = Some(host.daemon.pid);
        entry.sim_pid = host.machine.as_ref().map(|machine| machine.pid);
    }
    pool.save(dir)?;
    for host in &mut hosts {
        wait_until_serving(host).await?;
    }
    announce(&pool);
    Ok(hosts)
}

/// `up --host K`: host K's daemon (and its machine, if that is gone) of an existing pool.
pub async fn start_one_host(dir: &Path, mut pool: PoolFile, number: u8) -> Result<Vec<RunningHost>, CommandError> {
    let Some(entry) = usize::from(number)
        .checked_sub(1)
        .and_then(|index| pool.hosts.get_mut(index))
    else {
        return Err(CommandError::Usage(format!("the pool has no host {number}")));
    };
    let config = Config::load(&host_dir::path(dir, number).join("xenith.toml"))?;
    let host_dir = host_dir::path(dir, number);
    let machine_runs = tokio::net::UnixStream::connect(host_dir.join("machine.sock"))
        .await
        .is_ok();
    let machine = if machine_runs {
        None
    } else {
        Some(running_machine(dir, number).await?)
    };
    let daemon = start_daemon(&host_dir)?;
    entry.pid = Some(daemon.pid);
    if let Some(machine) = &machine {
        entry.sim_pid = Some(machine.pid);
    }
    pool.save(dir)?;
    let mut host = RunningHost {
        number,
        config,
        machine,
        daemon,
    };
    wait_until_serving(&mut host).await?;
    println!("ready");
    Ok(vec![host])
}

async fn start_host(dir: &Path, number: u8, config: Config) -> Result<RunningHost, CommandError> {
    let host_dir = host_dir::path(dir, number);
    let machine = running_machine(dir, number).await?;
    let daemon = start_daemon(&host_dir)?;
    Ok(RunningHost {
        number,
        config,
        machine: Some(machine),
        daemon,
    })
}

/// A machine that answers: a daemon does not start without its hypervisor.
async fn running_machine(dir: &Path, number: u8) -> Result<Running, CommandError> {
    let host_dir = host_dir::path(dir, number);
    let mut machine = start_machine(&host_dir, &host_dir::shared(dir), number, host_dir::address(number))?;
    let start = Instant::now();
    while tokio::net::UnixStream::connect(host_dir.join("machine.sock"))
        .await
        .is_err()
    {
        if machine.ended() || start.elapsed() > SERVES_WITHIN {
            return Err(CommandError::Usage(format!(
                "host {number}'s machine does not start; its log is host-{number}/machine.log"
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(machine)
}

fn describe(dir: &Path, host: &RunningHost) -> PoolHost {
    let host_dir: PathBuf = host_dir::path(dir, host.number);
    PoolHost {
        uuid: String::new(),
        name_label: host.config.host.name_label.clone(),
        address: host.config.host.address.to_string(),
        http_port: host.config.listen.http_port,
        tls_port: host.config.listen.tls_port,
        pid: Some(host.daemon.pid),
        keeper_pid: None,
        sim_pid: host.machine.as_ref().map(|machine| machine.pid),
        log: host_dir.join("xenith.log"),
        dir: host_dir,
    }
}

async fn wait_until_serving(host: &mut RunningHost) -> Result<(), CommandError> {
    let start = Instant::now();
    loop {
        let cause = match admin::is_serving(&host.config.unix_socket).await {
            Ok(()) => return Ok(()),
            Err(cause) => cause,
        };
        let number = host.number;
        if host.daemon.ended() {
            return Err(CommandError::Usage(format!(
                "host {number}'s daemon ended; its log is host-{number}/xenith.log"
            )));
        }
        if start.elapsed() > SERVES_WITHIN {
            return Err(CommandError::Usage(format!("host {number} does not serve: {cause}")));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Until then the death of one host could still stop the pool.
async fn wait_until_all_vote(host: &RunningHost, members: usize) -> Result<(), CommandError> {
    let start = Instant::now();
    loop {
        let status = admin::status(&host.config.unix_socket).await?;
        if status.members == members && status.voters == status.voters_wanted && !status.voters_change {
            return Ok(());
        }
        if start.elapsed() > SERVES_WITHIN {
            let voters = status.voters;
            return Err(CommandError::Usage(format!(
                "{voters} of {members} hosts vote, which is not as it should be"
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The hosts' certificates in one file, for clients that verify.
fn write_ca_file(pool: &PoolFile, hosts: &[RunningHost]) -> Result<(), CommandError> {
    let mut text = String::new();
    for host in hosts {
        let path = host.config.dir.join("certificate.pem");
        text.push_str(&std::fs::read_to_string(&path).map_err(|cause| CommandError::file(&path, cause))?);
    }
    std::fs::write(&pool.ca_file, text).map_err(|cause| CommandError::file(&pool.ca_file, cause))
}

fn announce(pool: &PoolFile) {
    println!("A pool of {} simulated hosts:", pool.hosts.len());
    for host in &pool.hosts {
        println!(
            "  {}  http://{}:{}  https://{}:{}  log {}",
            host.name_label,
            host.address,
            host.http_port,
            host.address,
            host.tls_port,
            host.log.display()
        );
    }
    println!(
        "Log in as {} with password {}. Ctrl-C stops the pool.",
        pool.username, pool.password
    );
    println!("ready");
}

/// Until `stop`, then stops every host. A process that dies meanwhile is told, not started again.
pub async fn serve_until(stop: impl Future<Output = ()>, mut hosts: Vec<RunningHost>) {
    let mut told = vec![false; hosts.len()];
    let mut look = tokio::time::interval(Duration::from_millis(200));
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = look.tick() => {
                for (host, told) in hosts.iter_mut().zip(&mut told) {
                    if host.daemon.ended() && !*told {
                        *told = true;
                        eprintln!("host {}'s daemon has ended; `xenith up --host {}` starts it again", host.number, host.number);
                    }
                }
            }
        }
    }
    for host in hosts {
        host.daemon.stop().await;
        if let Some(machine) = host.machine {
            machine.stop().await;
        }
    }
}
