//! The floor of the API edge: a bare actix-web handler, a process of its own, that parses a POST and answers a body of a given size.

use crate::Failure;
use crate::process::Owned;
use actix_web::{App, HttpResponse, HttpServer, web};
use std::process::Command;
use std::time::Duration;

const FLAG: &str = "--serve-bare";

/// This program again, as the floor.
pub fn start(port: u16) -> Result<Owned, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    let child = Owned(command.args([FLAG, &port.to_string()]).spawn()?);
    for _ in 0..200 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(child);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err("the bare server does not answer".into())
}

/// True if this process is the floor: it has served then.
pub fn served() -> Result<bool, Failure> {
    let port: u16 = crate::args::option(FLAG, 0);
    if port == 0 {
        return Ok(false);
    }
    let server = HttpServer::new(|| App::new().default_service(web::to(answer)))
        .workers(2)
        .bind(("127.0.0.1", port))?;
    actix_web::rt::System::new().block_on(server.run())?;
    Ok(true)
}

/// The path is the length of the answer.
async fn answer(request: actix_web::HttpRequest, body: web::Bytes) -> HttpResponse {
    let length = request.path().trim_start_matches('/').parse().unwrap_or(0);
    match serde_json::from_slice::<serde_json::Value>(&body) {
        Ok(_) => HttpResponse::Ok().body(vec![b'x'; length]),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}
