//! `xenith`: the host's daemon and the commands around it. Reads arguments, calls one command, prints its error.

mod admin;
mod commands;
mod config;
mod node;
mod up;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Rows, requests and replies come and go by the thousand, made on one thread and dropped on another: see docs/dependencies.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A XenAPI toolstack: the coordinator of Xen host pools.
#[derive(Parser)]
#[command(name = "xenith", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run one host's daemon in the foreground.
    Host {
        #[arg(long, default_value = config::DEFAULT_PATH)]
        config: PathBuf,
    },
    /// Run a development pool of simulated hosts on 127.0.0.1, 127.0.0.2, ...
    Up(up::UpArguments),
    /// Join this blank host to the pool at ADDRESS (`xenith token` on a member prints a token).
    Join(commands::JoinArguments),
    /// Print a one-time token with which a blank host may join this host's pool.
    Token {
        #[arg(long, default_value = config::DEFAULT_PATH)]
        config: PathBuf,
    },
    /// Give up this host's store that was set aside, so that the daemon starts as a blank host. The store is kept.
    StartAnew {
        #[arg(long, default_value = config::DEFAULT_PATH)]
        config: PathBuf,
    },
    /// Say whether a configuration file is valid.
    CheckConfig { file: PathBuf },
    /// The process that stands for a simulated machine; `up` starts it.
    #[command(hide = true)]
    SimMachine(up::MachineArguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Host { config } => commands::host(&config),
        Command::Up(arguments) => up::up(&arguments),
        Command::Join(arguments) => commands::join(&arguments),
        Command::Token { config } => commands::token(&config),
        Command::StartAnew { config } => commands::start_anew(&config),
        Command::CheckConfig { file } => commands::check_config(&file),
        Command::SimMachine(arguments) => up::machine(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xenith: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(inner.to_string().trim_end());
        cause = inner.source();
    }
    text
}
