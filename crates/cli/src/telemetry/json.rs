//! One JSON object per line: `timestamp`, `level`, `target`, the event's fields, and `span` with the span's fields.
//!
//! The formatter of `tracing-subscriber` keeps a span's fields as JSON, and parses and writes them again for each
//! event; with a line per request, that took an eighth of the service's processor time. Here fields are written once,
//! when they are visited. Nested spans are deliberately absent: the only span is a request's.

use std::fmt::{self, Debug, Write};

use stint_adapters::system::SystemClock;
use stint_domain::Clock as _;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Formats events as lines.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
        write!(line, "{{\"timestamp\":\"{}", SystemClock.now())?;
        for piece in ["\",\"level\":\"", level, "\",\"target\":\"", target, "\""] {
            line.write_str(piece)?;
        }
        members(&mut line, event)?;
        if let Some(span) = context.lookup_current() {
            write!(line, ",\"span\":{{\"name\":\"{}\"", span.name())?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                line.write_str(&fields.fields)?;
            }
            line.write_char('}')?;
        }
        line.write_str("}\n")
    }
}

/// Formats a span's fields as members of an object that already has some.
pub(super) struct Members;

impl<'a> FormatFields<'a> for Members {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'a>, fields: R) -> fmt::Result {
        members(&mut writer, fields)
    }
}

fn members(writer: &mut dyn Write, fields: impl RecordFields) -> fmt::Result {
    let mut visitor = Visitor { writer, result: Ok(()) };
    fields.record(&mut visitor);
    visitor.result
}

struct Visitor<'a> {
    writer: &'a mut dyn Write,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn plain(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.result = self.result.and_then(|()| write!(self.writer, ",\"{}\":{value}", field.name()));
    }

    fn text(&mut self, field: &Field, write: impl FnOnce(&mut Escaping<'_>) -> fmt::Result) {
        self.result = self.result.and_then(|()| {
            for piece in [",\"", field.name(), "\":\""] {
                self.writer.write_str(piece)?;
            }
            write(&mut Escaping(self.writer))?;
            self.writer.write_char('"')
        });
    }
}

impl Visit for Visitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity.
        if value.is_finite() { self.plain(field, format_args!("{value}")) } else { self.record_debug(field, &value) }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, format_args!("{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, |text| text.write_str(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, |text| write!(text, "{value:?}"));
    }
}

/// Writes the inside of a JSON string (RFC 8259, section 7).
struct Escaping<'a>(&'a mut dyn Write);

impl Write for Escaping<'_> {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        // Each of these is one byte, so text is never cut inside a character.
        while let Some(place) = text.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            self.0.write_str(&text[..place])?;
            match text.as_bytes()[place] {
                byte @ (b'"' | b'\\') => write!(self.0, "\\{}", char::from(byte)),
                b'\n' => self.0.write_str("\\n"),
                byte => write!(self.0, "\\u{byte:04x}"),
            }?;
            text = &text[place + 1..];
        }
        self.0.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::fmt::layer;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::registry;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The parsed lines that `log` writes.
    fn logged(log: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = layer().fmt_fields(Members).event_format(JsonLines).with_writer(move || writer.clone());
        tracing::subscriber::with_default(registry().with(layer), log);
        let bytes = lines.0.lock().unwrap();
        bytes.split_inclusive(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    #[test]
    fn every_kind_of_field_is_json() {
        let error = io::Error::other("disk \"full\"");
        let lines = logged(|| {
            let nobody: Option<&str> = None;
            tracing::info!(
                target: "a::b", text = "ü", number = -7, ratio = 0.5, odd = f64::NAN, yes = true, nobody,
                error = &error as &dyn std::error::Error, shown = %"x", "answered {}", 1
            );
        });
        let mut line = lines[0].clone();
        let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert!(timestamp.as_str().unwrap().ends_with('Z'), "{timestamp}");
        let expected = json!({
            "level": "INFO", "target": "a::b", "message": "answered 1", "text": "ü", "number": -7, "ratio": 0.5,
            "odd": "NaN", "yes": true, "error": "disk \"full\"", "shown": "x"
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn a_line_tells_of_its_span() {
        let lines = logged(|| {
            let _in = tracing::info_span!("request", request_id = "r-1").entered();
            tracing::warn!("slow");
        });
        assert_eq!(lines[0]["span"], json!({"name": "request", "request_id": "r-1"}));
    }

    #[test]
    fn no_text_can_end_its_line_or_its_string() {
        let text = "a\"b\\c\nd\re\tf\u{0}g\u{1b}h\u{2028}é";
        let lines = logged(|| tracing::info!(text, "{text}"));
        assert_eq!(lines.len(), 1);
        assert_eq!((&lines[0]["text"], &lines[0]["message"]), (&json!(text), &json!(text)));
    }
}
