//! A collector: OTLP over HTTP on loopback, and what it was sent.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message as _;

/// What a request was.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// The request line and the headers, as they came.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A span, as far as the tests look at it.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) id: Vec<u8>,
    pub(crate) parent: Vec<u8>,
    pub(crate) trace: Vec<u8>,
    pub(crate) attributes: BTreeMap<String, String>,
    /// 0 unset, 1 ok, 2 error.
    pub(crate) status: i32,
}

/// How a collector treats whoever sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Accepts,
    /// It takes the connection and says nothing.
    Hangs,
}

/// A collector that listens.
pub(crate) struct Collector {
    pub(crate) url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Collector {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&sent);
        // It ends with the process.
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let (kept, stream) = (Arc::clone(&kept), stream.unwrap());
                match manner {
                    Manner::Accepts => drop(std::thread::spawn(move || serve(stream, &kept))),
                    Manner::Hangs => held.push(stream),
                }
            }
        });
        Self { url, sent }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// Every span, and the attributes of the resource that sent it.
    pub(crate) fn spans(&self) -> (Vec<Span>, BTreeMap<String, String>) {
        let (mut spans, mut resource) = (Vec::new(), BTreeMap::new());
        for sent in self.sent() {
            let request = ExportTraceServiceRequest::decode(sent.body.as_slice()).unwrap();
            for of_resource in request.resource_spans {
                resource.extend(attributes(of_resource.resource.unwrap().attributes));
                spans.extend(of_resource.scope_spans.into_iter().flat_map(|it| it.spans));
            }
        }
        let span = |it: opentelemetry_proto::tonic::trace::v1::Span| Span {
            name: it.name,
            id: it.span_id,
            parent: it.parent_span_id,
            trace: it.trace_id,
            attributes: attributes(it.attributes),
            status: it.status.map_or(0, |status| status.code),
        };
        (spans.into_iter().map(span).collect(), resource)
    }
}

fn attributes(all: Vec<KeyValue>) -> BTreeMap<String, String> {
    all.into_iter().map(|it| (it.key, it.value.map(text).unwrap_or_default())).collect()
}

fn text(value: AnyValue) -> String {
    match value.value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

/// Takes requests of one connection until it is closed.
fn serve(stream: TcpStream, kept: &Mutex<Vec<Sent>>) {
    let mut input = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if input.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        let mut body = vec![0; length.unwrap_or(0)];
        if input.read_exact(&mut body).is_err() {
            return;
        }
        kept.lock().unwrap().push(Sent { head, body });
        let answer =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        if input.get_mut().write_all(answer).is_err() {
            return;
        }
    }
}
