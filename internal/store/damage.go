package store

import "fmt"

// damaged says what to do about bytes that the store did not write, or wrote with another serde.
func (s *core) damaged(err error) error {
	return s.failed(fmt.Errorf("%w: the store is damaged, or its key's or value's type has changed: delete the task's directory and the store "+
		"is restored from its changelog; if the type has changed, give the store a new name", err))
}

// badRow says that a row of e does not decode.
func (s *core) badRow(e *entry, which string, err error) error {
	return s.damaged(fmt.Errorf("the %s of key %q does not decode: %w", which, e.key, err))
}

// failed notes that the store cannot be read, which is no fault of the record being processed.
func (s *core) failed(err error) error {
	s.ctx.Fault = fmt.Errorf("store %s: %w", s.name, err)
	return s.ctx.Fault
}

// oneWay says that the serde does not decode what it encoded of e.
func (s *core) oneWay(e *entry, err error) error {
	return fmt.Errorf("store %s: the row of key %q does not decode again: its serde must decode what it encodes: %w", s.name, e.key, err)
}

// badKey says that a key does not encode.
func (s *core) badKey(err error) error { return fmt.Errorf("store %s: encode key: %w", s.name, err) }

// tail is the part of an entry's key that a key serde wrote.
func (s *core) tail(e *entry) []byte { return []byte(e.key[len(s.prefix):]) }

// badTail says that it does not decode; nil is no error.
func (s *core) badTail(e *entry, err error) error {
	if err == nil {
		return nil
	}
	return s.damaged(fmt.Errorf("key %q does not decode: %w", e.key[len(s.prefix):], err))
}

// badPlace says that a row is not where the order of a buffer has it.
func (s *core) badPlace(key []byte, at int64) error {
	return s.damaged(fmt.Errorf("the row of key %q is not held back at %d, where its order has it", key, at))
}
