package task

import (
	"errors"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/serde/wire"
)

// Status is what a worker says of an attempt.
type Status string

const (
	// StatusStarted says that the attempt has begun; the time-out counts from it.
	StatusStarted Status = "started"
	// StatusOK says that the work is done.
	StatusOK Status = "ok"
	// StatusRetry says that the attempt failed and that another may succeed.
	StatusRetry Status = "retry"
	// StatusFailed says that no attempt will succeed.
	StatusFailed Status = "failed"
)

// Result is what the output topic holds: see the package comment for its bytes.
type Result[Out any] struct {
	ID      string
	Attempt int
	Time    int64 // the request's
	Status  Status
	Body    Out
	Null    bool   // there is no body: the result is a null, or there is none
	Error   string // of StatusRetry and StatusFailed
	Worker  string
}

// Permanent marks an error that no further attempt will cure: the request goes to the dead letters at once. A nil err
// stays nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether [Permanent] marked err or an error in it.
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

type resultSerde[Out any] struct{ body serde.Serde[Out] }

func (s resultSerde[Out]) Err() error { return serde.Err(s.body) }

func (s resultSerde[Out]) Append(dst []byte, r Result[Out]) ([]byte, error) {
	n := 5
	for _, there := range [...]bool{!r.Null, r.Error != "", r.Worker != ""} {
		if there {
			n++
		}
	}
	b := wire.AppendMapLen(dst, n)
	b = wire.AppendInt(wire.AppendString(b, "v"), version)
	b = wire.AppendString(wire.AppendString(b, "id"), r.ID)
	b = wire.AppendInt(wire.AppendString(b, "attempt"), int64(r.Attempt))
	b = wire.AppendInt(wire.AppendString(b, "time"), r.Time)
	b = wire.AppendString(wire.AppendString(b, "status"), string(r.Status))
	if !r.Null {
		body, err := s.body.Append([]byte{}, r.Body) // never nil, which would be written as one
		if err != nil {
			return dst, err
		}
		b = wire.AppendBytes(wire.AppendString(b, "body"), body)
	}
	if r.Error != "" {
		b = wire.AppendString(wire.AppendString(b, "error"), r.Error)
	}
	if r.Worker != "" {
		b = wire.AppendString(wire.AppendString(b, "worker"), r.Worker)
	}
	return b, nil
}

func (s resultSerde[Out]) Decode(src []byte) (Result[Out], error) {
	r := Result[Out]{Null: true}
	var body []byte
	err := fields("result", src, func(name string, d *wire.Reader) {
		switch name {
		case "id":
			r.ID = d.ReadString()
		case "attempt":
			r.Attempt = int(d.ReadInt())
		case "time":
			r.Time = d.ReadInt()
		case "status":
			r.Status = Status(d.ReadString())
		case "body":
			if r.Null = d.TryNil(); !r.Null {
				body = d.ReadBytes()
			}
		case "error":
			r.Error = d.ReadString()
		case "worker":
			r.Worker = d.ReadString()
		default:
			d.Skip()
		}
	})
	if err == nil && !r.Null {
		r.Body, err = decodeBody("result", r.ID, s.body, body)
	}
	return r, err
}
