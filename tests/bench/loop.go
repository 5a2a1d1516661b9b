// SPDX-License-Identifier: GPL-2.0-or-later

// The Go target: as loop.c, for one function with a stack check at its entry. What it
// imports makes it a large program; nothing of that runs.
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/bzip2"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"debug/dwarf"
	"debug/elf"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/importer"
	"go/parser"
	"go/types"
	"html/template"
	"image/gif"
	"image/jpeg"
	"image/png"
	"log/syslog"
	"net/http"
	"net/http/cgi"
	"net/http/httputil"
	_ "net/http/pprof"
	"net/rpc/jsonrpc"
	"net/smtp"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing/quick"
	"time"
	"unsafe"
)

// Things that are never used, which the linker cannot know: a template may call any
// exported method of a type that it can reach.
var library = []any{
	tar.NewReader, zip.NewReader, bzip2.NewReader, tls.Dial, x509.ParseCertificate, sql.Open,
	dwarf.New, elf.Open, gob.NewDecoder, json.Unmarshal, xml.Unmarshal, importer.Default,
	parser.ParseFile, types.NewChecker, gif.DecodeAll, jpeg.Decode, png.Decode, syslog.New,
	http.ListenAndServe, cgi.Serve, httputil.NewSingleHostReverseProxy, jsonrpc.Dial,
	smtp.SendMail, exec.Command, regexp.Compile, quick.Check,
}

//go:noinline
func leaf(text string) int { return len(text) }

//go:noinline
func work(number int, text string) int { return leaf(text) + number }

func cpu() int64 {
	var ts syscall.Timespec
	const threadCPU = 3
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, threadCPU, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}

func main() {
	var calls, spent int64
	rate := 0
	if len(os.Args) > 1 {
		rate, _ = strconv.Atoi(os.Args[1])
	}
	if rate < 0 {
		template.Must(template.New("").Parse("{{.}}")).Execute(os.Stdout, library)
	}
	fmt.Println("pid", os.Getpid())
	go func() {
		runtime.LockOSThread()
		for i := 0; ; i++ {
			work(i, "text")
			if i%64 == 63 {
				atomic.StoreInt64(&calls, int64(i+1))
				atomic.StoreInt64(&spent, cpu())
			}
			if rate > 0 {
				time.Sleep(time.Second / time.Duration(rate))
			}
		}
	}()
	for byte := make([]byte, 1); ; {
		if n, _ := os.Stdin.Read(byte); n != 1 {
			return
		}
		fmt.Println(atomic.LoadInt64(&calls), atomic.LoadInt64(&spent), time.Now().UnixNano(), 0)
	}
}
