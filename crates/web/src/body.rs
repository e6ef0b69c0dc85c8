//! Reading a request's body: its coding, its size, its time, and the memory it takes.
//!
//! Handlers read it after they know who sent it and what it is for; nothing here looks at what it says.

mod budget;
mod coding;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use futures::StreamExt;
use tokio::task::{JoinError, spawn_blocking, yield_now};
use tokio::time::{Instant, timeout_at};

pub use budget::BodyBudget;
pub(crate) use budget::Room;
#[cfg(test)]
pub(crate) use coding::gzip;

use self::budget::FREE;
use self::coding::{Coding, Gunzip, GunzipError};
use crate::BodyWanted;
use crate::auth::Sender;
use crate::json::{self, Json};
use crate::problem::{Code, Problem};

/// The largest body that is worked on where it was read: it takes about a millisecond.
const LARGE: usize = 256 << 10;

/// A body that was read whole. It counts against the budget as long as it is there.
#[derive(Debug)]
pub(crate) struct Body {
    bytes: Bytes,
    /// What it counts against the budget.
    _room: Room,
    terms: Terms,
}

/// Under which terms a body is read.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// The most bytes that it may have, also when it is decoded.
    pub(crate) limit: usize,
    /// When all of it must be there.
    pub(crate) deadline: Instant,
    /// Who sends it.
    pub(crate) sender: Sender,
    /// Where its memory comes from.
    pub(crate) budget: BodyBudget,
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Body {
    /// Has `read` read the body as JSON, whose values count against the budget meanwhile. For routes whose bodies are small.
    pub(crate) async fn parse<'b, T>(
        &'b self,
        read: impl FnOnce(Json<'b>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let _room = self.room_for(json::cost(self)).await?;
        read(Json::parse(self)?)
    }

    /// Runs `work` on the body, which makes so many bytes of it. A large body would keep all other requests of this HTTP
    /// thread waiting, so it is worked on by another thread.
    pub(crate) async fn work<T: Send + 'static>(
        self,
        bytes: usize,
        work: impl FnOnce(&[u8]) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let room = self.room_for(bytes).await?;
        if self.len() <= LARGE {
            return work(&self);
        }
        let turn = self.terms.budget.for_work(self.terms.patience()).await?;
        let working = spawn_blocking(move || {
            let done = work(&self);
            // Not earlier: the work goes on when nobody waits for it any more.
            drop((room, turn));
            (self, done)
        });
        match working.await.map_err(JoinError::try_into_panic) {
            // The thread that read the body also frees it: only that one gives its memory back to the system.
            Ok((_body, done)) => done,
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(_stopped)) => {
                Err(Problem::new(Code::Unavailable, "the service is about to stop; nothing was done"))
            }
        }
    }

    /// Room for so many bytes that are made of the body. Its holder may wait for a thread to work on, and for nothing else.
    async fn room_for(&self, bytes: usize) -> Result<Room, Problem> {
        self.terms.budget.for_values(bytes, self.terms.patience()).await
    }
}

impl Terms {
    /// Until when room is waited for: the body needs some of its time to arrive.
    fn patience(&self) -> Instant {
        let now = Instant::now();
        now + self.deadline.saturating_duration_since(now) / 2
    }

    /// Room for the bytes of a body.
    async fn room(&self, bytes: usize) -> Result<Room, Problem> {
        self.budget.for_bytes(self.sender, bytes, self.patience()).await
    }
}

/// Reads a body.
pub(crate) async fn read(request: &HttpRequest, payload: &mut Payload, terms: Terms) -> Result<Body, Problem> {
    let announced = announced(request.headers());
    if announced.is_some_and(|length| length > terms.limit as u64) {
        return Err(too_large(terms.limit));
    }
    let coding = Coding::of(request.headers())?;
    let announced = announced.and_then(|length| usize::try_from(length).ok());
    let mut source = Source { payload, announced, wanted: request.conn_data() };
    let reading = async {
        match coding {
            Coding::Identity => identity(&mut source, &terms).await,
            Coding::Gzip => gunzipped(&mut source, &terms).await,
        }
    };
    match timeout_at(terms.deadline, reading).await {
        Ok(read) => read.map(|(bytes, room)| Body { bytes, _room: room, terms }),
        Err(_elapsed) => {
            Err(Problem::new(Code::RequestTimeout, "the body did not arrive within the time limit; nothing was done"))
        }
    }
}

/// Where a body comes from.
struct Source<'s> {
    payload: &'s mut Payload,
    /// How many bytes it says that there are, if it does.
    announced: Option<usize>,
    wanted: Option<&'s BodyWanted>,
}

impl Source<'_> {
    /// Has all of the body come: there is room for it. Before, the connection holds little of it and the client that asks
    /// for leave to send it has none.
    fn want(&self) {
        if let Some(wanted) = self.wanted {
            wanted.say();
        }
    }

    /// The next piece. As long as there is no room, no more is asked for than needs none.
    async fn next(&mut self, room: &Room) -> Result<Option<Bytes>, Problem> {
        if let Some(wanted) = self.wanted.filter(|_| room.is_none()) {
            wanted.say_some(FREE);
        }
        self.payload.next().await.transpose().map_err(|error| broken(&error, self.announced))
    }
}

/// Reads a body that is sent as it is.
async fn identity(source: &mut Source<'_>, terms: &Terms) -> Result<(Bytes, Room), Problem> {
    let announced = source.announced;
    let mut room = terms.room(announced.unwrap_or_default()).await?;
    if announced.is_some() {
        source.want();
    }
    let Some(first) = source.next(&room).await? else { return Ok((Bytes::new(), room)) };
    if announced == Some(first.len()) {
        // The usual case: the whole body in one piece, without a copy. The end is read too, so that the connection
        // can carry the next request.
        source.next(&room).await?;
        return Ok((first, room));
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or(first.len()));
    let mut next = Some(first);
    while let Some(chunk) = next {
        body.extend_from_slice(&chunk);
        if body.len() > terms.limit {
            return Err(too_large(terms.limit));
        }
        if announced.is_none() {
            make_room(&mut body, &mut room, terms, source).await?;
        }
        next = source.next(&room).await?;
    }
    room.shrink_to(body.len());
    Ok((body.freeze(), room))
}

/// Reads a body that is compressed, a little at a time, so that others who wait for this thread have their turn.
async fn gunzipped(source: &mut Source<'_>, terms: &Terms) -> Result<(Bytes, Room), Problem> {
    const TURN: usize = 64 << 10;
    let refused = |error| match error {
        GunzipError::TooLarge => too_large(terms.limit),
        GunzipError::Broken => Problem::new(Code::MalformedJson, "the body is no whole gzip stream"),
    };
    let _decoder = terms.budget.for_decoder(terms.sender, terms.patience()).await?;
    let (mut stream, mut room) = (Gunzip::new(terms.limit), Room::default());
    let (mut encoded, mut worked) = (0, 0);
    while let Some(chunk) = source.next(&room).await? {
        encoded += chunk.len();
        if encoded > terms.limit {
            return Err(too_large(terms.limit));
        }
        let mut rest = &chunk[..];
        while !rest.is_empty() {
            let before = stream.decoded().len();
            let taken = stream.step(rest).map_err(refused)?;
            rest = &rest[taken..];
            // What comes in is worth more than what comes out: it may begin new streams.
            worked += stream.decoded().len() - before + 8 * taken;
            if worked > TURN {
                worked = 0;
                yield_now().await;
            }
            make_room(stream.decoded(), &mut room, terms, source).await?;
        }
    }
    let body = stream.finish().map_err(refused)?;
    if room.is_none() {
        // The decoder keeps up to 32 KiB to the end.
        room = terms.room(body.len()).await?;
    }
    room.shrink_to(body.len());
    Ok((body.freeze(), room))
}

/// Makes room for a body whose length nobody knows, once it is no small one: for all that the route takes, in one go. A
/// body that grew step by step would hold what it has while it waits for more, as all others would, for ever.
async fn make_room(body: &mut BytesMut, room: &mut Room, terms: &Terms, source: &Source<'_>) -> Result<(), Problem> {
    if body.len() > FREE && room.is_none() {
        *room = terms.room(terms.limit).await?;
        source.want();
        // Also in one go, because growing would have two copies for a moment. Memory is taken as it is written to.
        body.reserve(terms.limit - body.len());
    }
    Ok(())
}

/// Lets a response hold what is unread of its request. actix drops a body that nobody reads, and then reads a chunked
/// one to its end, if it has one, before the connection goes on. While somebody holds it, the response says
/// `Connection: close`, and the connection ends after it: not at once, so that a client that is still sending gets to
/// read the response, but within the server's disconnect time-out.
pub(crate) fn keep_unread(response: HttpResponse, payload: Payload) -> HttpResponse {
    response.map_body(|_, body| BoxBody::new(Answered { body, _unread: payload }))
}

/// The body of a response, with what is unread of the request.
struct Answered {
    body: BoxBody,
    _unread: Payload,
}

impl MessageBody for Answered {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("the body is larger than {limit} bytes"))
}

/// The connection ended early, or the framing of a chunked body is broken; if anybody is left to read an answer, this is it.
fn broken(error: &PayloadError, announced: Option<usize>) -> Problem {
    tracing::debug!(%error, "a body did not arrive whole");
    let detail = match announced {
        Some(bytes) => {
            format!("the connection ended before the {bytes} bytes that Content-Length says; nothing was done")
        }
        None => "the chunks of the body are malformed, or the last of them did not come; nothing was done".to_owned(),
    };
    Problem::new(Code::MalformedBody, detail)
}
