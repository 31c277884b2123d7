package task

import (
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/serde/wire"
)

// Reason is why a request was given up.
type Reason string

const (
	// ReasonAttempts says that every attempt failed or timed out.
	ReasonAttempts Reason = "attempts"
	// ReasonPermanent says that a worker reported an error that no attempt will cure, or a result that does not decode.
	ReasonPermanent Reason = "permanent"
	// ReasonDeadline says that the time from schedule to close was over.
	ReasonDeadline Reason = "deadline"
)

// Dead is a request that was given up, as the dead-letter topic holds it under the entity's key: a MessagePack map of
// "v", "id", "task", "reason", "error", "attempts", "created", "died", "time" and "body" (see [Request] for the common
// ones). To try it again, send the record that asked once more.
type Dead[In any] struct {
	ID       string
	Task     string
	Reason   Reason
	Error    string // the last attempt's
	Attempts int    // how many were made
	Created  int64  // when it was first sent, wall clock, milliseconds since the epoch
	Died     int64  // when it was given up
	Time     int64  // event time of the record that asked
	Body     In
}

type deadSerde[In any] struct{ body serde.Serde[In] }

func (s deadSerde[In]) Err() error { return serde.Err(s.body) }

func (s deadSerde[In]) Append(dst []byte, d Dead[In]) ([]byte, error) {
	body, err := s.body.Append([]byte{}, d.Body)
	if err != nil {
		return dst, err
	}
	b := wire.AppendMapLen(dst, 10)
	b = wire.AppendInt(wire.AppendString(b, "v"), version)
	b = wire.AppendString(wire.AppendString(b, "id"), d.ID)
	b = wire.AppendString(wire.AppendString(b, "task"), d.Task)
	b = wire.AppendString(wire.AppendString(b, "reason"), string(d.Reason))
	b = wire.AppendString(wire.AppendString(b, "error"), d.Error)
	b = wire.AppendInt(wire.AppendString(b, "attempts"), int64(d.Attempts))
	b = wire.AppendInt(wire.AppendString(b, "created"), d.Created)
	b = wire.AppendInt(wire.AppendString(b, "died"), d.Died)
	b = wire.AppendInt(wire.AppendString(b, "time"), d.Time)
	return wire.AppendBytes(wire.AppendString(b, "body"), body), nil
}

func (s deadSerde[In]) Decode(src []byte) (Dead[In], error) {
	var x Dead[In]
	var body []byte
	err := fields("dead letter", src, func(name string, d *wire.Reader) {
		switch name {
		case "id":
			x.ID = d.ReadString()
		case "task":
			x.Task = d.ReadString()
		case "reason":
			x.Reason = Reason(d.ReadString())
		case "error":
			x.Error = d.ReadString()
		case "attempts":
			x.Attempts = int(d.ReadInt())
		case "created":
			x.Created = d.ReadInt()
		case "died":
			x.Died = d.ReadInt()
		case "time":
			x.Time = d.ReadInt()
		case "body":
			body = d.ReadBytes()
		default:
			d.Skip()
		}
	})
	if err == nil {
		x.Body, err = decodeBody("dead letter", x.ID, s.body, body)
	}
	return x, err
}
