//! For the fuzzer (`tests/fuzz`) alone: one request through the edge, without sockets.
//!
//! The framing of HTTP itself is actix-http's; what is fuzzed here is everything that looks at a request behind it.

use crate::ServerConfig;
use crate::handle::{Shared, handle};
use actix_web::FromRequest as _;
use actix_web::body::to_bytes;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use actix_web::test::TestRequest;
use actix_web::web::{Bytes, Data, Payload};
use std::io;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use xenith_wire::SharedDispatch;

/// An edge in front of a toolstack.
pub struct Edge {
    runtime: Runtime,
    /// A worker of the edge has tasks of its own.
    local: LocalSet,
    shared: Data<Shared>,
}

/// What a client would have got.
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: Result<String, String>,
}

impl Edge {
    pub fn new(dispatch: SharedDispatch) -> io::Result<Edge> {
        Ok(Edge {
            runtime: Builder::new_current_thread().enable_all().build()?,
            local: LocalSet::new(),
            shared: Data::new(Shared::new(&ServerConfig::default(), dispatch)),
        })
    }

    /// The answer to a line `METHOD TARGET`, lines `name: value`, an empty line and a body; `None` when that is no request.
    pub fn answer(&self, input: &[u8]) -> Option<Answer> {
        let request = request(input)?;
        Some(self.local.block_on(&self.runtime, async {
            let (request, mut payload) = request.to_http_parts();
            let payload = Payload::from_request(&request, &mut payload).into_inner();
            let response = match payload {
                Ok(payload) => handle(request, payload, self.shared.clone()).await,
                Err(error) => error.error_response(),
            };
            let content_type = response.headers().get(header::CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
            Answer {
                status: response.status().as_u16(),
                content_type: content_type.to_owned(),
                body: match to_bytes(response.into_body()).await {
                    Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
                    Err(error) => Err(error.to_string()),
                },
            }
        }))
    }
}

fn request(input: &[u8]) -> Option<TestRequest> {
    let at = input.windows(2).position(|pair| pair == b"\n\n")?;
    let (head, body) = (input.get(..at)?, input.get(at + 2..)?);
    let mut lines = head.split(|byte| *byte == b'\n');
    let (method, target) = std::str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
    // The maker of requests takes only what is right for HTTP, as actix-http does.
    target.parse::<Uri>().ok()?;
    let mut request = TestRequest::with_uri(target)
        .method(Method::from_bytes(method.as_bytes()).ok()?)
        .set_payload(Bytes::copy_from_slice(body));
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (line.get(..colon)?, line.get(colon + 1..)?.trim_ascii());
        let header = (HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
        request = request.append_header(header);
    }
    Some(request)
}
