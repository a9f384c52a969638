//! Between the coordinator, the hosts and their machines: messages are late, lost, doubled, or cut off for a while.

use super::host::Out;
use super::plant::PoolPlant;
use super::world::World;
use xenith_classes::agent::{Report, Signed};
use xenith_xen_sim::machine::Parcel;

/// On its way from one place to another.
#[derive(Clone)]
pub enum Message {
    /// `deposed`: from one who does not coordinate any more, and may be on the host's side of a cut.
    ToHost {
        host: usize,
        signed: Signed,
        deposed: bool,
    },
    ToCoordinator {
        host: usize,
        report: Report,
    },
    Parcel {
        from: usize,
        to: usize,
        parcel: Parcel,
    },
}

impl World {
    /// Puts a message on its way: late, and under trouble sometimes lost or doubled.
    pub fn send(&mut self, message: impl Fn() -> Message) {
        let lost = self.trouble && self.random.percent(5);
        let copies = match (lost, self.trouble && self.random.percent(5)) {
            (true, _) => {
                self.probes.hit("message_lost");
                0
            }
            (false, true) => {
                self.probes.hit("message_doubled");
                2
            }
            (false, false) => 1,
        };
        for _ in 0..copies {
            let late = match self.trouble && self.random.percent(5) {
                true => self.random.between(1_000, 8_000),
                false => self.random.between(1, 20),
            };
            self.next_message += 1;
            let due = self.now_ms + i64::try_from(late).unwrap_or_default();
            self.net.insert((due, self.next_message), message());
        }
    }

    pub fn send_out(&mut self, host: usize, out: Vec<Out>) {
        for one in out {
            match one {
                Out::Report(report) => self.send(|| Message::ToCoordinator {
                    host,
                    report: report.clone(),
                }),
                Out::Parcel { to, parcel } => {
                    let to = self.hosts.iter().position(|host| host.address == to);
                    if let Some(to) = to {
                        self.send(|| Message::Parcel {
                            from: host,
                            to,
                            parcel: parcel.clone(),
                        });
                    }
                }
            }
        }
    }

    pub fn deliver_due(&mut self) {
        while let Some(entry) = self.net.first_entry() {
            if entry.key().0 > self.now_ms {
                return;
            }
            match entry.remove() {
                Message::ToHost { host, deposed, .. } if self.cut[host] && !deposed => self.probes.hit("order_cut_off"),
                Message::ToHost { host, signed, .. } => {
                    let now = self.machine_ms();
                    let out = self.hosts[host].hear(now, signed);
                    self.send_out(host, out);
                }
                Message::ToCoordinator { host, report } => self.report_comes(host, &report),
                Message::Parcel { from, to, parcel } => {
                    let (now, from) = (self.machine_ms(), self.hosts[from].address.clone());
                    if let Some(machine) = self.hosts[to].machine.as_mut() {
                        machine.deliver(now, &from, parcel);
                    }
                }
            }
        }
    }

    fn report_comes(&mut self, host: usize, report: &Report) {
        if self.trouble && (self.cut[host] || self.random.percent(15)) && self.deposed_hears(host, report) {
            return;
        }
        match self.cut[host] {
            true => self.probes.hit("report_cut_off"),
            false => self.hear_report(host, report),
        }
    }

    pub fn look_everywhere(&mut self) {
        let now = self.machine_ms();
        for host in 0..self.hosts.len() {
            // The host's copy of the rows comes from the log, so it is as old as the cut.
            if !self.cut[host] && self.plant != PoolPlant::DeadNeverTold {
                self.hosts[host].view = self.committed.clone();
            }
            let out = self.hosts[host].look(now);
            self.send_out(host, out);
            let untold = self.hosts[host].agent.as_mut().map(|agent| {
                let mut untold = agent.untold();
                untold.extend(agent.next_guests());
                untold
            });
            let reports = untold.unwrap_or_default().into_iter().map(Out::Report);
            self.send_out(host, reports.collect());
        }
    }
}
