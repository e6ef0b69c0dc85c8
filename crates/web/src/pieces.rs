//! Large answers: they are sent piece by piece, and only so many wait for their readers.
//!
//! actix copies what a body gives it into the connection's buffer. A body given as a whole is in memory twice while a
//! client reads it; in pieces, only one piece is. The pieces share the memory of the whole. An answer that is the same
//! for everybody is in memory once for all connections.

mod answers;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

pub(crate) use answers::Answers;

use self::answers::Share;
use crate::auth::Sender;
use crate::problem::Problem;

/// The bytes of a piece.
const PIECE: usize = 16 * 1024;
/// The largest body that is given as a whole: a page of usual length is sent in one write.
const WHOLE: u64 = 32 * 1024;

/// The same answer, in pieces if it is large.
pub(crate) fn of(response: HttpResponse, answers: &Answers, reader: Sender) -> HttpResponse {
    cut(response, answers, reader).0
}

/// The same for an answer to a request that changed nothing. It is refused if too many large answers wait.
pub(crate) fn of_told(response: HttpResponse, answers: &Answers, reader: Sender) -> Result<HttpResponse, Problem> {
    match cut(response, answers, reader) {
        (_, false) => Err(answers.refuse()),
        (response, true) => Ok(response),
    }
}

/// A large body that is the same for everybody.
pub(crate) fn shared(whole: &Bytes) -> BoxBody {
    BoxBody::new(Pieces { rest: whole.clone(), _share: None })
}

/// The answer, and whether there is room for it.
fn cut(response: HttpResponse, answers: &Answers, reader: Sender) -> (HttpResponse, bool) {
    if !matches!(response.body().size(), BodySize::Sized(length) if length > WHOLE) {
        return (response, true);
    }
    let (head, body) = response.into_parts();
    match body.try_into_bytes() {
        Ok(rest) => {
            let share = answers.take(reader, rest.len());
            let fits = share.fits();
            (head.set_body(BoxBody::new(Pieces { rest, _share: Some(share) })), fits)
        }
        Err(body) => (head.set_body(body), true),
    }
}

/// The rest of a body.
struct Pieces {
    rest: Bytes,
    _share: Option<Share>,
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.rest.len().min(PIECE);
        Poll::Ready((length > 0).then(|| Ok(self.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use futures::future::poll_fn;
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::HttpMetrics;
    use crate::problem::Code;

    fn answers() -> Answers {
        Answers::new(&HttpMetrics::new(&mut Registry::default()))
    }

    fn large() -> Bytes {
        Bytes::from((0..=255).cycle().take(PIECE * 3 + 1).collect::<Vec<u8>>())
    }

    /// Reads a whole body, and checks that no piece was copied.
    async fn read(mut body: BoxBody, whole: &Bytes) {
        assert_eq!(body.size(), BodySize::Sized(whole.len() as u64));
        let mut begin = 0;
        while let Some(piece) = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
            let piece = piece.unwrap();
            assert!(piece.len() <= PIECE);
            assert_eq!(piece.as_ptr(), whole[begin..].as_ptr(), "copied");
            begin += piece.len();
        }
        assert_eq!(begin, whole.len());
    }

    #[actix_web::test]
    async fn a_large_body_comes_in_pieces_of_one_memory_and_a_small_one_as_it_is() {
        let whole = large();
        read(of(HttpResponse::Ok().body(whole.clone()), &answers(), None).into_body(), &whole).await;
        read(shared(&whole), &whole).await;
        let small = of(HttpResponse::Ok().body(whole.slice(..PIECE * 2)), &answers(), None);
        assert_eq!(small.into_body().try_into_bytes().unwrap().len(), PIECE * 2);
    }

    #[test]
    fn what_only_tells_is_refused_when_large_answers_take_too_much_and_what_was_done_is_told() {
        let (answer, answers) = (|| HttpResponse::Ok().body(large()), answers());
        let waiting = answers.take(None, 32 << 20);
        assert_eq!(of_told(answer(), &answers, None).unwrap_err().code(), Code::Unavailable);
        assert!(of_told(HttpResponse::Ok().body(shared(&large())), &answers, None).is_ok());
        assert!(of_told(HttpResponse::Ok().body("small"), &answers, None).is_ok());
        drop(of(answer(), &answers, None));
        drop(waiting);
        assert!(of_told(answer(), &answers, None).is_ok());
    }
}
