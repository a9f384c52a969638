//! Requests to the HTTP handlers of XenAPI: who sends them, and the pages for who may not (semantics.md §12).

use crate::handle::{Shared, origin};
use crate::pages;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Bytes, Query};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::{Stream, stream};
use std::io;
use xenith_datamodel::{ApiError, HttpHandler};
use xenith_wire::{Credentials, Download, HandlerRefusal, HandlerRequest, InUse};

/// What is sent as a query or a cookie: names and values.
type Pairs = Vec<(String, String)>;

/// The answer to a request to `handler`.
pub(crate) async fn handle(request: &HttpRequest, handler: &'static HttpHandler, shared: &Shared) -> HttpResponse {
    let Ok(credentials) = credentials(request.headers(), request.query_string()) else {
        let text = "The Authorization header could not be understood.";
        return pages::error_page(StatusCode::INTERNAL_SERVER_ERROR, text);
    };
    let asked = HandlerRequest {
        handler,
        origin: origin(request),
        credentials,
        query: said(request.query_string()),
    };
    match shared.dispatch.authorise(asked).await {
        Ok(in_use) if handler.name == "get_audit_log" => audit_log(request.query_string(), shared, in_use).await,
        Ok(_) => failed(&ApiError::new("NOT_IMPLEMENTED", [format!("http/{}", handler.name)])),
        Err(HandlerRefusal::Unauthorised) => pages::unauthorised(handler.name),
        Err(HandlerRefusal::Forbidden(error)) => pages::error_page(StatusCode::FORBIDDEN, &shown(&error)),
        Err(HandlerRefusal::Failed(error)) => failed(&error),
    }
}

/// Sent as it is read: it may be a hundred megabytes.
async fn audit_log(query: &str, shared: &Shared, in_use: InUse) -> HttpResponse {
    let since = pairs(query).into_iter().find(|(name, _)| name == "since");
    let since = since.map_or_else(String::new, |(_, since)| since);
    match shared.dispatch.audit_log(&since).await {
        Ok(pieces) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-cache, no-store"))
            .insert_header((header::CONTENT_TYPE, "text/plain"))
            .streaming(streamed(pieces, in_use)),
        Err(error) => failed(&error),
    }
}

/// Each piece is read on a thread that may block, and is a use of the session. A piece that cannot be read ends the answer early, which the client notices.
fn streamed(pieces: Download, in_use: InUse) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((pieces, in_use), |(mut pieces, in_use)| async move {
        in_use();
        let read = web::block(move || (pieces.next().transpose(), pieces)).await;
        let (piece, pieces) = read.map_err(io::Error::other)?;
        Ok(piece?.map(|piece| (Bytes::from(piece), (pieces, in_use))))
    })
}

/// The query without credentials.
fn said(query: &str) -> Pairs {
    let mut pairs = pairs(query);
    pairs.retain(|(name, _)| !["session_id", "pool_secret"].contains(&name.as_str()));
    pairs
}

fn failed(error: &ApiError) -> HttpResponse {
    pages::error_page(StatusCode::INTERNAL_SERVER_ERROR, &shown(error))
}

/// As xapi shows an error on a page: `UUID_INVALID: [ VM; dead ]`.
fn shown(error: &ApiError) -> String {
    format!("{}: [ {} ]", error.code, error.params.join("; "))
}

#[derive(Debug)]
struct BadHeader;

/// The first credential that is there; only `Basic` in that very case is an Authorization that xapi understands.
fn credentials(headers: &HeaderMap, query: &str) -> Result<Credentials, BadHeader> {
    let cookies = cookies(headers);
    let query = pairs(query);
    let named = |name: &str| {
        let sent = cookies.iter().chain(&query).find(|(key, _)| key == name);
        sent.map(|(_, value)| value.clone())
    };
    if let Some(session) = named("session_id") {
        return Ok(Credentials::Session(session));
    }
    if let Some(secret) = named("pool_secret") {
        return Ok(Credentials::PoolSecret(secret));
    }
    match headers.get(header::AUTHORIZATION) {
        Some(value) => basic(value.to_str().map_err(|_| BadHeader)?),
        None => Ok(Credentials::Nothing),
    }
}

fn basic(value: &str) -> Result<Credentials, BadHeader> {
    let coded = value.strip_prefix("Basic ").ok_or(BadHeader)?;
    let bytes = BASE64.decode(coded.trim()).map_err(|_| BadHeader)?;
    let text = String::from_utf8(bytes).map_err(|_| BadHeader)?;
    let (user, password) = text.split_once(':').ok_or(BadHeader)?;
    Ok(Credentials::Basic {
        user: user.to_owned(),
        password: password.to_owned(),
    })
}

/// Cookies are percent-encoded as queries are, with another separator.
fn cookies(headers: &HeaderMap) -> Pairs {
    let sent = headers.get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let each = sent.flat_map(|value| value.split(';'));
    each.flat_map(|cookie| pairs(cookie.trim())).collect()
}

/// A text that is no query has no pairs.
fn pairs(query: &str) -> Pairs {
    Query::<Pairs>::from_query(query)
        .map(Query::into_inner)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn of(headers: &[(header::HeaderName, &'static str)], query: &str) -> Option<Credentials> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_static(value));
        }
        credentials(&map, query).ok()
    }

    #[test]
    fn the_first_credential_decides() {
        let cookie = (header::COOKIE, "a=b; session_id=OpaqueRef%3Aone");
        let basic = (header::AUTHORIZATION, "Basic cm9vdDp4Onk=");
        let session = |text: &str| Some(Credentials::Session(text.to_owned()));
        assert_eq!(
            of(&[cookie.clone(), basic.clone()], "session_id=two"),
            session("OpaqueRef:one")
        );
        assert_eq!(of(std::slice::from_ref(&basic), "x=y&session_id=two"), session("two"));
        assert_eq!(
            of(std::slice::from_ref(&basic), "pool_secret=s"),
            Some(Credentials::PoolSecret("s".to_owned()))
        );
        let root = Credentials::Basic {
            user: "root".to_owned(),
            password: "x:y".to_owned(),
        };
        assert_eq!(of(&[basic], ""), Some(root));
        assert_eq!(of(&[], "uuid=x"), Some(Credentials::Nothing));
    }

    #[test]
    fn an_authorization_of_another_kind_is_not_understood() {
        for bad in ["Basic !!!", "Bearer x", "basic cm9vdDp4", "Basic cm9vdA=="] {
            assert_eq!(of(&[(header::AUTHORIZATION, bad)], ""), None, "{bad}");
        }
    }
}
