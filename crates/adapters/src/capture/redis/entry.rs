//! Entries of the streams as the server sends them.
//!
//! Anybody may add an entry to a stream, so any content must be read without a failure of the entries beside it.

use ::redis::{ErrorKind, RedisError, RedisResult, Value};
use stint_domain::capture::Ping;

use crate::capture::stored_ping;

/// The field that holds the ping.
pub(super) const PING: &str = "ping";

/// The first field of a buried entry.
pub(super) const REASON: &str = "reason";

/// An entry: its id, and its fields with their values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: String,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Entry {
    /// The ping in the entry, or the reason why there is none.
    pub(super) fn ping(&self) -> Result<Ping, String> {
        let ping = self.fields.iter().find(|(field, _)| field == PING.as_bytes());
        let (_, text) = ping.ok_or_else(|| format!("what is stored is no ping: the entry has no field `{PING}`"))?;
        stored_ping::from_text(&String::from_utf8_lossy(text))
    }

    /// The content of an entry that is no ping, as text.
    pub(super) fn text(&self) -> String {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match self.fields.as_slice() {
            [(field, text)] if field == PING.as_bytes() => lossy(text),
            fields => {
                let shown: Vec<_> = fields.iter().map(|(field, value)| lossy(field) + "=" + &lossy(value)).collect();
                shown.join(" ")
            }
        }
    }

    /// The reason of a buried entry, and the entry as it was before.
    pub(super) fn buried(mut self) -> (String, Self) {
        let has_reason = self.fields.first().is_some_and(|(field, _)| field == REASON.as_bytes());
        let reason = if has_reason { self.fields.remove(0).1 } else { Vec::new() };
        (String::from_utf8_lossy(&reason).into_owned(), self)
    }

    /// When it was added, in milliseconds since 1970, by the server's clock.
    pub(super) fn added_at_millis(&self) -> Option<i64> {
        self.id.split_once('-')?.0.parse().ok()
    }
}

/// The entries of a list, without those that were deleted in the meantime.
pub(super) fn entries(value: Value) -> RedisResult<Vec<Entry>> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::Array(items) => items.into_iter().filter(|item| *item != Value::Nil).map(entry).collect(),
        _ => Err(unexpected("entries")),
    }
}

/// The entries of the one stream that was read.
pub(super) fn entries_read(value: Value) -> RedisResult<Vec<Entry>> {
    let Value::Array(mut streams) = value else {
        return entries(value);
    };
    match streams.pop() {
        Some(Value::Array(mut stream)) if stream.len() == 2 => stream.pop().map_or(Ok(Vec::new()), entries),
        None => Ok(Vec::new()),
        Some(_) => Err(unexpected("a stream and its entries")),
    }
}

fn entry(value: Value) -> RedisResult<Entry> {
    let Value::Array(parts) = value else {
        return Err(unexpected("an entry"));
    };
    let mut parts = parts.into_iter();
    let (Some(Value::BulkString(id)), Some(fields)) = (parts.next(), parts.next()) else {
        return Err(unexpected("an entry's id and fields"));
    };
    let mut fields = match fields {
        Value::Array(fields) => fields.into_iter(),
        // Deleted while it was pending.
        Value::Nil => Vec::new().into_iter(),
        _ => return Err(unexpected("fields")),
    };
    let mut pairs = Vec::with_capacity(1);
    while let (Some(Value::BulkString(field)), Some(Value::BulkString(value))) = (fields.next(), fields.next()) {
        pairs.push((field, value));
    }
    Ok(Entry { id: String::from_utf8_lossy(&id).into_owned(), fields: pairs })
}

fn unexpected(what: &'static str) -> RedisError {
    (ErrorKind::UnexpectedReturnType, "the answer is not what was expected", what.to_owned()).into()
}
