//! HTTP answers that are not RPC replies: error pages, CORS, health and metrics.

use crate::budget::Budget;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Sent with every RPC reply (semantics.md §2, §12).
pub(crate) const COMMON_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store")),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(ALLOWED_HEADER),
    ),
];

const ALLOWED_HEADER: &str = "X-Requested-With";

/// As xapi answers them: HTML, no CORS headers, and the connection is closed.
pub(crate) fn error_page(status: StatusCode, text: &str) -> HttpResponse {
    let reason = status.canonical_reason().unwrap_or("Error");
    let body = format!(
        "<html><body><h1>HTTP {} {}</h1>{}</body></html>",
        status.as_u16(),
        reason,
        escape(text)
    );
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store")))
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/html")))
        .force_close()
        .body(body)
}

/// 401: xapi's realm is the handler's name.
pub(crate) fn unauthorised(realm: &str) -> HttpResponse {
    let mut page = error_page(StatusCode::UNAUTHORIZED, "Please check your credentials and retry.");
    if let Ok(value) = HeaderValue::from_str(&format!("Basic realm=\"{realm}\"")) {
        page.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    page
}

/// Browsers ask before they send JSON; the answer says yes to the headers they name.
pub(crate) fn preflight(request: &HeaderMap, content_type: HeaderValue) -> HttpResponse {
    let allowed = match request
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .and_then(|v| v.to_str().ok())
    {
        Some(asked) => format!("{asked}, {ALLOWED_HEADER}"),
        None => ALLOWED_HEADER.to_owned(),
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header(COMMON_HEADERS[0].clone())
        .insert_header(COMMON_HEADERS[1].clone())
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, allowed))
        // The value xapi sends; a POST needs no permission here.
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("PUT")))
        .finish()
}

pub(crate) fn plain_text(status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store")))
        .insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ))
        .body(text)
}

/// Prometheus' own content type, else it guesses. The edge's own numbers are added; the end mark stays last.
pub(crate) fn metrics(mut text: String, budget: &Budget) -> HttpResponse {
    const END: &str = "# EOF\n";
    if text.ends_with(END) {
        text.truncate(text.len() - END.len());
    }
    let (held, refused) = (budget.held_bytes(), budget.refused());
    text.push_str(&format!(
        "# HELP xenith_reply_bytes_held Memory that replies being sent may hold.\n\
         # TYPE xenith_reply_bytes_held gauge\n\
         xenith_reply_bytes_held {held}\n\
         # HELP xenith_replies_refused Replies that did not get their share of that memory.\n\
         # TYPE xenith_replies_refused counter\n\
         xenith_replies_refused_total {refused}\n{END}"
    ));
    HttpResponse::Ok()
        .insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
        ))
        .body(text)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
