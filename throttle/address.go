package throttle

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress finds the address of the client that sent a request. The zero
// ClientAddress believes no header: it takes the other end of the connection.
//
// The header can be written by anybody, so it is read only from the right, where the
// nearest proxy wrote, and only as long as those who wrote are trusted: the result is
// the first address, seen from the server, that is not a trusted proxy's. Whatever
// stands to the left of it is ignored. If an entry is no address, the proxy that
// wrote it answers for it.
type ClientAddress struct {
	// TrustedProxies are the networks of proxies that append to the header.
	TrustedProxies []netip.Prefix
	// Header is the name of the header with a list of addresses, each with a port or
	// without. Empty stands for X-Forwarded-For.
	Header string
	// Bits6 is the length of the network that stands for one client in IPv6, in bits,
	// 1 to 128. Zero stands for 64, what one subscriber has at least.
	Bits6 int
}

// Of returns the client's address, or false if even the other end of the connection
// has none. IPv4 addresses written as IPv6 are returned as IPv4; a zone is dropped.
func (c *ClientAddress) Of(r *http.Request) (netip.Addr, bool) {
	addr, ok := parseAddr(r.RemoteAddr)
	if !ok {
		return netip.Addr{}, false
	}
	header := c.Header
	if header == "" {
		header = "X-Forwarded-For"
	}
	lines := r.Header.Values(header)
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			if !c.trusted(addr) {
				return addr, true
			}
			var entry string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, entry = rest[:comma], rest[comma+1:]
			} else {
				rest, entry, more = "", rest, false
			}
			next, ok := parseAddr(strings.Trim(entry, " \t"))
			if !ok {
				return addr, true
			}
			addr = next
		}
	}
	return addr, true
}

func (c *ClientAddress) trusted(addr netip.Addr) bool {
	for _, p := range c.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// Key returns the RateKey of the client's address, for RateConfig.Key: scope
// "address", and as name the IPv4 address or the IPv6 network. Requests without an
// address share one.
func (c *ClientAddress) Key(r *http.Request) RateKey {
	key := RateKey{Scope: "address"}
	addr, ok := c.Of(r)
	if !ok {
		return key
	}
	if addr.Is4() {
		key.Name = addr.String()
		return key
	}
	bits := c.Bits6
	if bits <= 0 || bits > 128 {
		bits = 64
	}
	network, err := addr.Prefix(bits)
	if err == nil {
		key.Name = network.String()
	}
	return key
}

// parseAddr reads an address with or without a port, in brackets or not.
func parseAddr(s string) (netip.Addr, bool) {
	var addr netip.Addr
	var err error
	switch bracketed := strings.HasPrefix(s, "["); {
	case bracketed && strings.HasSuffix(s, "]"):
		addr, err = netip.ParseAddr(s[1 : len(s)-1])
	case !bracketed && strings.Count(s, ":") != 1:
		addr, err = netip.ParseAddr(s)
	default:
		var pair netip.AddrPort
		pair, err = netip.ParseAddrPort(s)
		addr = pair.Addr()
	}
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}
