package embedded

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxRequest is Kafka's socket.request.max.bytes.
const maxRequest = 100 << 20

// guarded listens as net.Listen does, for connections that may come from anything on this machine: kfake believes the
// length that a request begins with and allocates it, and panics on a request that it does not know. A browser that is
// pointed at the port would ask for 1.2 GB, and a client of a later protocol would end the process.
func guarded(log kfake.Logger) func(network, address string) (net.Listener, error) {
	return func(network, address string) (net.Listener, error) {
		var listen net.ListenConfig
		l, err := listen.Listen(context.Background(), network, address) // closed by the broker
		if err != nil {
			return nil, err
		}
		return guardedListener{l, log}, nil
	}
}

type guardedListener struct {
	net.Listener
	log kfake.Logger
}

func (l guardedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &guardedConn{Conn: c, log: l.log}, nil
}

// guardedConn checks the head of each request, its length and its key, before anybody else reads it. Only one goroutine
// reads from a connection.
type guardedConn struct {
	net.Conn
	log  kfake.Logger
	buf  [6]byte
	head []byte // what is left of the head to hand on
	body int    // bytes of the request after the head that have not been read
}

func (c *guardedConn) Read(p []byte) (int, error) {
	if len(c.head) == 0 && c.body == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p[:min(len(p), c.body)])
	c.body -= n
	return n, err
}

func (c *guardedConn) next() error {
	if _, err := io.ReadFull(c.Conn, c.buf[:]); err != nil {
		return err
	}
	size := int32(binary.BigEndian.Uint32(c.buf[:4]))
	key := int16(binary.BigEndian.Uint16(c.buf[4:]))
	const smallest = 8 // key, version, correlation id
	if size < smallest || size > maxRequest || kmsg.RequestForKey(key) == nil {
		err := fmt.Errorf("embedded: %v does not speak Kafka: a request of %d bytes with key %d", c.RemoteAddr(), size, key)
		c.log.Logf(kfake.LogLevelWarn, "closed a connection: %v", err)
		return err
	}
	c.head, c.body = c.buf[:], int(size)-(len(c.buf)-4)
	return nil
}
