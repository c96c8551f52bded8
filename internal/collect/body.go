package collect

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"

	"candor/internal/errs"
)

// The limits of what a client may send, after decompression.
const (
	MaxBatch = 500 << 10 // bytes of one request
	MaxEvent = 32 << 10  // bytes of one event
)

var (
	errBatchTooLarge = errs.New(errs.TooLarge, "body_too_large", "a request may hold at most %d KB after decompression; send smaller batches", MaxBatch>>10)
	errGzip          = errs.New(errs.Invalid, "bad_gzip", "the body is not valid gzip")
	errEncoding      = errs.New(errs.Invalid, "unknown_encoding", "send the body plain or as gzip")
	errBroken        = errs.New(errs.Invalid, "body_cut_off", "the body ended before its announced length")
)

// readBody reads a request's body, whatever its content type says. Gzip is
// recognised by the header or by its first two bytes. It stops reading one byte
// after the limit, so that a small body that unpacks to gigabytes costs no more
// than a large one.
func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxBatch {
		return nil, errBatchTooLarge
	}
	packed := bufio.NewReader(io.LimitReader(r.Body, MaxBatch+1))
	zipped, err := isGzip(r.Header.Get("Content-Encoding"), packed)
	if err != nil {
		return nil, err
	}
	if !zipped {
		return readLimited(packed, errBroken)
	}
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return nil, errGzip
	}
	return readLimited(plain, errGzip)
}

func isGzip(encoding string, body *bufio.Reader) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "gzip", "x-gzip":
		return true, nil
	case "", "identity":
		magic, _ := body.Peek(2)
		return len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b, nil
	}
	return false, errEncoding
}

func readLimited(from io.Reader, broken *errs.Error) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(from, MaxBatch+1))
	if len(body) > MaxBatch {
		return nil, errBatchTooLarge
	}
	var net interface{ Timeout() bool }
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &net):
		return nil, errs.Wrap(err, errs.Unavailable, "body_slow", "the body did not arrive in time")
	}
	return nil, broken
}
