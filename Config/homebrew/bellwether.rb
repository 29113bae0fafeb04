# The formula of a release: .github/workflows/release.yml replaces the words between @ signs and attaches
# the file to the release.
class Bellwether < Formula
  desc "One verdict per canary measurement, one digest per failure"
  homepage "@REPOSITORY@"
  url "@REPOSITORY@/archive/refs/tags/v@VERSION@.tar.gz"
  sha256 "@SHA256@"
  license "Apache-2.0"
  head "@REPOSITORY@.git", branch: "main"

  depends_on "pkgconf" => :build
  # The first with Swift 6.3.
  depends_on xcode: ["26.4", :build]
  depends_on "libdeflate"
  depends_on macos: :sequoia
  depends_on "openssl@3"

  uses_from_macos "curl"
  uses_from_macos "expat"
  uses_from_macos "sqlite"
  uses_from_macos "zlib"

  def install
    ENV["BELLWETHER_COMMIT"] = build.head? ? Utils.git_short_head(length: 12) : "@COMMIT@"
    system "swift", "build", "--disable-sandbox", "--configuration", "release", "--product", "bellwether"
    bin.install ".build/release/bellwether"
    man8.install "Config/man/bellwether.8"
    generate_completions_from_executable(bin/"bellwether", "--generate-completion-script")
    pkgshare.install "templates", "Config/grafana", "Config/prometheus"
    inreplace "Config/bellwether.yaml", /^data_dir: .*/, "data_dir: #{var}/bellwether"
    (etc/"bellwether").install "Config/bellwether.yaml"
  end

  def post_install
    (var/"bellwether").mkpath
    chmod 0700, var/"bellwether"
  end

  service do
    run [opt_bin/"bellwether", "serve", "--config", etc/"bellwether/bellwether.yaml"]
    keep_alive successful_exit: false
    working_dir var/"bellwether"
    error_log_path var/"log/bellwether.log"
  end

  test do
    assert_match "bellwether #{version}", shell_output("#{bin}/bellwether --version")
    system bin/"bellwether", "init", testpath/"node"
    system bin/"bellwether", "check", "--config", testpath/"node/bellwether.yaml"
  end
end
