//! Large answers, sent piece by piece.
//!
//! actix copies what a body gives it into the connection's buffer. A body that is given whole is there twice for as long
//! as a client takes to read it; of one in pieces, a piece is. The pieces share the memory of the whole, and so do the
//! answers of all connections where the whole is the same for everybody.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

/// The bytes of a piece.
const PIECE: usize = 16 * 1024;
/// The largest body that is given whole: a page of usual length goes out in one write.
const WHOLE: u64 = 32 * 1024;

/// The same answer, its body in pieces if it is large.
pub(crate) fn of(response: HttpResponse) -> HttpResponse {
    match response.body().size() {
        BodySize::Sized(length) if length > WHOLE => response.map_body(|_, body| match body.try_into_bytes() {
            Ok(whole) => BoxBody::new(Pieces(whole)),
            Err(body) => body,
        }),
        _ => response,
    }
}

/// What is left of a body.
struct Pieces(Bytes);

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.0.len().min(PIECE);
        Poll::Ready((length > 0).then(|| Ok(self.0.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use futures::future::poll_fn;

    use super::*;

    #[actix_web::test]
    async fn a_large_body_comes_in_pieces_of_one_memory_and_a_small_one_as_it_is() {
        let whole = Bytes::from((0..=255).cycle().take(PIECE * 3 + 1).collect::<Vec<u8>>());
        let response = of(HttpResponse::Ok().body(whole.clone()));
        assert_eq!(response.body().size(), BodySize::Sized(whole.len() as u64));
        let mut body = response.into_body();
        let mut begin = 0;
        while let Some(piece) = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
            let piece = piece.unwrap();
            assert!(piece.len() <= PIECE);
            assert_eq!(piece.as_ptr(), whole[begin..].as_ptr(), "copied");
            begin += piece.len();
        }
        assert_eq!(begin, whole.len());

        let small = of(HttpResponse::Ok().body(whole.slice(..PIECE * 2)));
        assert_eq!(small.into_body().try_into_bytes().unwrap().len(), PIECE * 2);
    }
}
