package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-go/millrace/internal/transport"
)

// lost is the end of a producer.
func (p *producer) lost(why string) error {
	p.fatal = fmt.Errorf("sim: %s: %w", why, transport.ErrProducer)
	return p.fatal
}

// Commit implements [transport.Producer]: the positions first, then what is still to be sent, then the end.
func (p *producer) Commit(_ context.Context, ps []transport.Position, g transport.Generation) error {
	if len(ps) > 0 {
		if err := p.offsets(slices.Clone(ps), g); err != nil {
			return err
		}
	}
	return p.p.call(call{key: p.name() + ": commit", delicate: true, ready: p.flushed, do: p.end})
}

// offsets sends the positions. The coordinator of the group asks who commits, now and not at the transaction's end.
func (p *producer) offsets(ps []transport.Position, g transport.Generation) error {
	by, ok := g.(generation)
	if !ok {
		return fmt.Errorf("sim: commit: %w: the member's generation is not known", transport.ErrAbort)
	}
	x := p.coordinator()
	return p.p.call(call{
		key:      fmt.Sprintf("%s: offsets %v by %s in %d", p.name(), ps, by.id, by.number),
		delicate: true, ready: func() bool { return p.epoch != x.epoch || !x.ending },
		do: func() error {
			if p.broke != nil || p.fatal != nil {
				return errors.Join(p.fatal, p.broke)
			}
			if p.p.w.chance(p.p.w.climate.refused) {
				return p.refusal("the offsets were not acknowledged in time")
			}
			tx, err := x.current(p.epoch)
			if err != nil {
				p.fatal = err
				return err
			}
			group := p.p.w.cluster.group(by.group)
			if err := group.validate(by); err != nil {
				return fmt.Errorf("%w: %w", transport.ErrAbort, err)
			}
			group.commit(ps, tx)
			return nil
		},
	})
}

// end ends the transaction.
func (p *producer) end() error {
	x, w := p.coordinator(), p.p.w
	switch {
	case p.broke != nil || p.fatal != nil:
		return errors.Join(p.fatal, p.broke)
	case p.epoch != x.epoch:
		p.fatal = errFenced
		return errFenced
	case w.chance(w.climate.lostBefore):
		return p.lost("the producer was lost before the commit")
	}
	if x.tx != nil {
		x.end(true)
	}
	if w.chance(w.climate.lostAfter) {
		return p.lost("the producer was lost after the commit")
	}
	return nil
}

// Abort implements [transport.Producer].
func (p *producer) Abort(context.Context) error {
	x, w := p.coordinator(), p.p.w
	return p.p.call(call{
		key: p.name() + ": abort", delicate: true, ready: func() bool { return p.epoch != x.epoch || !x.ending },
		do: func() error {
			p.forget()
			p.broke = nil
			switch {
			case p.fatal != nil:
				return p.fatal
			case p.epoch != x.epoch:
				p.fatal = errFenced
				return errFenced
			case w.chance(w.climate.lostBefore):
				return p.lost("the producer was lost before the abort")
			}
			if x.tx != nil {
				x.end(false)
			}
			return nil
		},
	})
}

// Close implements [transport.Producer]. A transaction that is open stays so until its time is over.
func (p *producer) Close() {}
