package kafka

import (
	"context"
	"errors"
	"time"
)

// hang is how long a call of the transactional interface may take beyond its time-out before it is given up. librdkafka
// forgets the time-out where it knows the group's coordinator and that broker is down: it waits for the broker to come
// back, for ever if another one is the coordinator by then (librdkafka 5456 and 5511).
const hang = 2 * turn

var errHung = errors.New("the client does not return from the call: the group's coordinator may have moved")

// bounded makes a call in one turn. Where it does not return, the producer is lost: nothing but Close may follow, which
// leaves librdkafka's part to the call.
func (p *producer) bounded(ctx context.Context, call func(context.Context) error) error {
	if p.hung != nil {
		return errHung
	}
	ctx, cancel := context.WithTimeout(ctx, turn)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- call(ctx)
	}()
	patience := time.NewTimer(turn + hang)
	defer patience.Stop()
	select {
	case err := <-done:
		return err
	case <-patience.C:
		p.hung = done
		return errHung
	}
}
