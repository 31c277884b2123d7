package db

import "sync"

// Shared makes a DB that several goroutines may use at once: global tables have one writer and many readers. Slices handed
// out are copies, valid for good; a batch and an iterator still belong to one goroutine.
//
// One lock serves all calls. A DB keeps scratch and idle iterators between calls, so that even two reads would be in each
// other's way, and a lock for readers only would not help; above a shared DB each task remembers the rows that it looked up.
func Shared(d DB) DB { return &shared{d: d} }

type shared struct {
	mu sync.Mutex
	d  DB
}

func (s *shared) Get(key []byte) (value []byte, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok, err = s.d.Get(key)
	return copied(value), ok, err
}

func (s *shared) Iter(lower, upper []byte) (Iterator, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, err := s.d.Iter(lower, upper)
	if err != nil {
		return nil, err
	}
	return &sharedIterator{s: s, it: it}, nil
}

func (s *shared) Batch() Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &sharedBatch{s, s.d.Batch()}
}

func (s *shared) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.d.Flush()
}

func (s *shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.d.Close()
}

func copied(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

type sharedBatch struct {
	s *shared
	b Batch
}

func (b *sharedBatch) do(f func() error) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	return f()
}

func (b *sharedBatch) Set(key, value []byte) error {
	return b.do(func() error { return b.b.Set(key, value) })
}

func (b *sharedBatch) Delete(key []byte) error {
	return b.do(func() error { return b.b.Delete(key) })
}

func (b *sharedBatch) DeleteRange(lower, upper []byte) error {
	return b.do(func() error { return b.b.DeleteRange(lower, upper) })
}

func (b *sharedBatch) Commit() error { return b.do(b.b.Commit) }

func (b *sharedBatch) Discard() {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	b.b.Discard()
}

// sharedIterator copies each row while it holds the lock: Pebble's memory of it may go with the next call on the DB.
type sharedIterator struct {
	s          *shared
	it         Iterator
	key, value []byte
}

func (i *sharedIterator) Next() bool { return i.move(i.it.Next) }
func (i *sharedIterator) Prev() bool { return i.move(i.it.Prev) }

func (i *sharedIterator) move(step func() bool) bool {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	ok := step()
	i.key, i.value = copied(i.it.Key()), copied(i.it.Value())
	return ok
}

func (i *sharedIterator) Key() []byte   { return i.key }
func (i *sharedIterator) Value() []byte { return i.value }

func (i *sharedIterator) Err() error {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.it.Err()
}

func (i *sharedIterator) Close() error {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	i.key, i.value = nil, nil
	return i.it.Close()
}
