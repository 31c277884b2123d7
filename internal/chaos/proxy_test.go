package chaos

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// proxy stands between an instance and the brokers, which send those who come through it to it again (scripts/kafka
// --proxied). It can hold back what passes, slow it down, and cut connections.
type proxy struct {
	bootstrap string
	ins       []net.Listener
	running   sync.WaitGroup

	mu    sync.Mutex
	flow  chan struct{} // closed: bytes may pass
	delay time.Duration // of each piece
	cut   bool          // nobody gets through
	conns map[net.Conn]bool
}

// proxied is the way to the cluster through a proxy.
func proxied(t *testing.T, c *cluster) *proxy {
	t.Helper()
	p := &proxy{flow: make(chan struct{}), conns: map[net.Conn]bool{}}
	close(p.flow)
	var ways []string
	for address := range strings.SplitSeq(c.bootstrap, ",") {
		var port int
		if _, err := fmt.Sscanf(address, "127.0.0.1:%d", &port); err != nil {
			t.Fatal(err)
		}
		in, err := net.Listen("tcp", fmt.Sprintf("127.0.0.2:%d", port+2))
		if err != nil {
			t.Fatal(err)
		}
		ways = append(ways, in.Addr().String())
		broker := fmt.Sprintf("127.0.0.1:%d", port+2)
		if conn, err := net.Dial("tcp", broker); err != nil {
			t.Skipf("chaos: the brokers have no listener for a proxy: start them with scripts/kafka --nodes 3 --proxied: %v", err)
		} else {
			conn.Close()
		}
		p.running.Go(func() { p.serve(in, broker) })
		p.ins = append(p.ins, in)
	}
	t.Cleanup(func() {
		for _, in := range p.ins {
			in.Close()
		}
		p.sever()
		p.running.Wait()
	})
	p.bootstrap = strings.Join(ways, ",")
	return p
}

// serve passes on what comes to one broker's address.
func (p *proxy) serve(in net.Listener, broker string) {
	for {
		from, err := in.Accept()
		if err != nil {
			return // closed
		}
		to, err := net.Dial("tcp", broker)
		if err != nil { // the broker is down
			from.Close()
			continue
		}
		if !p.add(from, to) {
			continue
		}
		for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
			p.running.Go(func() {
				p.pass(way[0], way[1])
				way[0].Close()
				way[1].Close()
			})
		}
	}
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.cut {
			c.Close()
		} else {
			p.conns[c] = true
		}
	}
	return !p.cut
}

// pass copies one direction of a connection.
func (p *proxy) pass(from io.Reader, to io.Writer) {
	piece := make([]byte, 16<<10)
	for {
		n, err := from.Read(piece)
		p.mu.Lock()
		flow, delay := p.flow, p.delay
		p.mu.Unlock()
		<-flow
		time.Sleep(delay)
		if _, failed := to.Write(piece[:n]); err != nil || failed != nil {
			return
		}
	}
}

// pause holds everything back, with the connections open, until resume.
func (p *proxy) pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flow = make(chan struct{})
}

// slow delays each piece of up to 16 kB.
func (p *proxy) slow(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = by
}

// sever cuts all connections and lets nobody through until resume.
func (p *proxy) sever() {
	p.resume()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		c.Close()
	}
	clear(p.conns)
}

// resume lets everything pass again.
func (p *proxy) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.delay = false, 0
	select {
	case <-p.flow:
	default:
		close(p.flow)
	}
}
