// The client of Benchmarks/gateways.sh: N gateways, each with a TLS connection of
// its own that negotiates HTTP/2, for one phase. It reads the notifier's CPU time and
// memory from /proc and prints one row.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	url      = flag.String("url", "", "the notifier's address")
	token    = flag.String("token", "", "file of a token with the scope ingest")
	pid      = flag.Int("pid", 0, "the notifier's process")
	gateways = flag.Int("gateways", 1000, "number of gateways")
	seconds  = flag.Int("seconds", 30, "length of the measurement")
	name     = flag.String("name", "", "name of the phase")
	polls    = flag.Duration("polls", 0, "time between two requests for ended runs; 0: none")
	every    = flag.Duration("every", 0, "time between two bodies of events; 0: none")
	lines    = flag.Int("lines", 1, "events of a body")
	packs    = flag.Bool("gzip", false, "compress bodies")
	head     = flag.Bool("head", false, "print the heading only")
)

const row = "%-12s %9s %7s %9s %9s %9s %9s %9s %9s %8s %8s %7s\n"

// What a process has used so far.
type usage struct {
	cpu   time.Duration
	rss   int // KiB
	files int
}

func read(pid int) usage {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		log.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	var used usage
	// USER_HZ is 100 on every Linux that Go runs on.
	used.cpu = time.Duration(user+system) * 10 * time.Millisecond
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "VmRSS:") {
			used.rss, _ = strconv.Atoi(strings.Fields(line)[1])
		}
	}
	files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	used.files = len(files)
	return used
}

type gateway struct {
	number int
	epoch  string
	seq    int
	client *http.Client
	bearer string
}

// Counted while the measurement runs.
var (
	measuring atomic.Bool
	requests  atomic.Int64
	accepted  atomic.Int64
	faults    atomic.Int64
	dials     atomic.Int64
	fault     atomic.Value
	mutex     sync.Mutex
	times     []time.Duration
)

func newGateway(number int, bearer string) *gateway {
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true,
		MaxConnsPerHost:   1,
		IdleConnTimeout:   118 * time.Second, // libcurl's
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return dialer.DialContext(ctx, network, address)
		},
	}
	return &gateway{
		number: number, epoch: strconv.FormatInt(time.Now().UnixNano(), 36),
		client: &http.Client{Transport: transport, Timeout: 30 * time.Second}, bearer: bearer,
	}
}

func (g *gateway) do(method, path string, body []byte, packed bool) ([]byte, time.Duration, error) {
	request, err := http.NewRequest(method, *url+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Authorization", "Bearer "+g.bearer)
	if method == "POST" {
		request.Header.Set("Content-Type", "application/x-ndjson")
	}
	if packed {
		request.Header.Set("Content-Encoding", "gzip")
	}
	began := time.Now()
	answer, err := g.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("%d %s", answer.StatusCode, content)
	}
	if err == nil && answer.ProtoMajor != 2 {
		err = fmt.Errorf("answered with %s", answer.Proto)
	}
	return content, time.Since(began), err
}

func note(err error) {
	if err != nil && measuring.Load() {
		faults.Add(1)
		fault.Store(err.Error())
	}
}

func (g *gateway) poll() {
	_, _, err := g.do("GET", "/v1/run-ends", nil, false)
	if measuring.Load() {
		requests.Add(1)
	}
	note(err)
}

func (g *gateway) send() {
	var body bytes.Buffer
	var out io.Writer = &body
	var pack *gzip.Writer
	if *packs {
		pack = gzip.NewWriter(&body)
		out = pack
	}
	for i := 0; i < *lines; i++ {
		g.seq++
		fmt.Fprintf(out, `{"v":1,"ts":"%s","level":"info","event":"analysis.healthy","node":"gw-%d",`+
			`"az":"eu-west-1%c","epoch":"%s","seq":%d,"namespace":"prod","rollout":"service-%d",`+
			`"revision":"17","concern":"all","attempt":%d,"status":"healthy","deltas":[`+
			`{"metric":"canary.5xx_rate","value":0.0012,"stable":0.001,"limit":0.01,"unit":"ratio","state":"pass"},`+
			`{"metric":"canary.p99_ms","value":212,"stable":201,"limit":500,"unit":"ms","state":"pass"}],`+
			`"message":"healthy: all checks pass","policy":"sha256:0f","binary":"sha256:1e"}`+"\n",
			time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), g.number, 'a'+g.number%3, g.epoch,
			g.seq, g.number%200, g.seq)
	}
	if pack != nil {
		pack.Close()
	}
	answer, took, err := g.do("POST", "/v1/events", body.Bytes(), *packs)
	if err == nil {
		var receipt struct{ Accepted int }
		err = json.Unmarshal(answer, &receipt)
		if err == nil && receipt.Accepted != *lines {
			err = fmt.Errorf("accepted %d of %d: %s", receipt.Accepted, *lines, answer)
		}
		if err == nil && measuring.Load() {
			accepted.Add(int64(receipt.Accepted))
			mutex.Lock()
			times = append(times, took)
			mutex.Unlock()
		}
	}
	if measuring.Load() {
		requests.Add(1)
	}
	note(err)
}

// Calls work at a random time of the first pause, and then after each pause.
func repeat(pause time.Duration, until <-chan struct{}, work func()) {
	if pause == 0 {
		return
	}
	timer := time.NewTimer(time.Duration(rand.Int63n(int64(pause))))
	defer timer.Stop()
	next := time.Now()
	for {
		select {
		case <-until:
			return
		case <-timer.C:
		}
		work()
		next = next.Add(pause)
		if late := time.Until(next); late > 0 {
			timer.Reset(late)
		} else {
			next = time.Now()
			timer.Reset(0)
		}
	}
}

func main() {
	flag.Parse()
	if *head {
		fmt.Printf(row, "phase", "gateways", "conns", "CPU %", "RSS MiB", "KiB/conn", "requests", "req/s",
			"events/s", "p50 ms", "p99 ms", "faults")
		return
	}
	text, err := os.ReadFile(*token)
	if err != nil {
		log.Fatal(err)
	}
	bearer := strings.TrimSpace(string(text))
	before := read(*pid)

	all := make([]*gateway, *gateways)
	var connected sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i := range all {
		all[i] = newGateway(i, bearer)
		connected.Add(1)
		go func(g *gateway) {
			defer connected.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			if _, _, err := g.do("GET", "/v1/run-ends", nil, false); err != nil {
				log.Fatalf("gateway %d cannot connect: %v", g.number, err)
			}
		}(all[i])
	}
	connected.Wait()
	made := dials.Load()

	stop := make(chan struct{})
	var running sync.WaitGroup
	for _, g := range all {
		// A gateway polls and sends independently, on one connection.
		running.Add(2)
		go func(g *gateway) { defer running.Done(); repeat(*polls, stop, g.poll) }(g)
		go func(g *gateway) { defer running.Done(); repeat(*every, stop, g.send) }(g)
	}
	// Until every gateway has sent once.
	time.Sleep(max(2*time.Second, *polls, *every) + time.Second)

	start := read(*pid)
	began := time.Now()
	measuring.Store(true)
	time.Sleep(time.Duration(*seconds) * time.Second)
	measuring.Store(false)
	end := read(*pid)
	took := time.Since(began).Seconds()
	close(stop)
	running.Wait()

	sort.Slice(times, func(a, b int) bool { return times[a] < times[b] })
	quantile := func(q float64) string {
		if len(times) == 0 {
			return "-"
		}
		return fmt.Sprintf("%.1f", float64(times[int(q*float64(len(times)-1))].Microseconds())/1000)
	}
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	rate := func(n int64) string { return fmt.Sprintf("%.0f", float64(n)/took) }
	fmt.Printf(row, *name, count(int64(*gateways)), count(int64(end.files-before.files)),
		fmt.Sprintf("%.1f", 100*(end.cpu-start.cpu).Seconds()/took),
		fmt.Sprintf("%.1f", float64(end.rss)/1024),
		fmt.Sprintf("%.1f", float64(end.rss-before.rss)/float64(*gateways)),
		count(requests.Load()), rate(requests.Load()), rate(accepted.Load()),
		quantile(0.5), quantile(0.99), count(faults.Load()))
	if again := dials.Load() - made; again > 0 {
		fmt.Printf("%d connections were made again\n", again)
	}
	if faults.Load() > 0 {
		log.Fatalf("the last fault: %v", fault.Load())
	}
}
