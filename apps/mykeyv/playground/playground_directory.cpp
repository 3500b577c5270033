// SPDX-License-Identifier: Apache-2.0
#include "apps/mykeyv/playground/playground_directory.hpp"

#include "apps/mykeyv/command.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>

namespace mykeyv::cli {
namespace {

namespace fs = std::filesystem;

refusal refused(std::string const& sentence) { return refusal{exit_code::cluster_error, sentence}; }

fs::path make_temporary()
{
    auto name = (fs::temp_directory_path() / "mykeyv-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) { throw refused(fmt::format("cannot make {}: {}", name, std::strerror(errno))); }
    return name;
}

void make(fs::path const& path)
{
    std::error_code problem;
    fs::create_directories(path, problem);
    if (problem) { throw refused(fmt::format("cannot make {}: {}", path.string(), problem.message())); }
}

fs::path make_root(fs::path const& path)
{
    make(path);
    auto const root = fs::canonical(path);
    std::error_code problem;
    bool const is_ours = fs::exists(root / "topology.json", problem) || fs::exists(root / "lock", problem);
    if (!is_ours && !fs::is_empty(root, problem)) {
        throw refusal{exit_code::usage, fmt::format("{} is neither empty nor a playground's", root.string())};
    }
    return root;
}

}  // namespace

playground_directory::playground_directory(std::optional<fs::path> const& path)
    : root_{path ? make_root(*path) : make_temporary()}, temporary_{!path}
{
    lock();
    read_topology();
}

playground_directory::~playground_directory()
{
    if (temporary_) {
        std::error_code problem;
        fs::remove_all(root_, problem);
        if (problem) { complain(fmt::format("{} could not be removed: {}", root_.string(), problem.message())); }
    }
}

void playground_directory::lock()
{
    auto const path = root_ / "lock";
    lock_ = file_handle{::open(path.c_str(), O_RDWR | O_CREAT, 0600)};  // NOLINT(android-cloexec-open): the daemons are to have it
    if (!lock_) { throw refused(fmt::format("cannot open {}: {}", path.string(), std::strerror(errno))); }
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        throw refused(fmt::format("{} is in use by another playground, or by nodes of one that are still stopping", root_.string()));
    }
}

void playground_directory::read_topology()
{
    std::ifstream file{topology_path()};
    if (!file) { return; }
    try {
        auto const document = nlohmann::json::parse(file);
        version_ = document.at("version").get<std::uint64_t>();
        for (auto const& node : document.at("nodes")) {
            auto const id = node_id::parse(node.at("id").get<std::string>());
            auto const address = endpoint::parse(node.at("endpoint").get<std::string>(), 0);
            nodes_.push_back({id.value(), address.value()});
        }
    } catch (std::exception const& problem) {
        throw refused(fmt::format("{} is not what a playground writes: {}", topology_path().string(), problem.what()));
    }
}

void playground_directory::assign(std::size_t count, std::uint16_t first_port)
{
    bool changed = nodes_.empty();
    while (nodes_.size() < count) { nodes_.push_back({node_id::random(), {}}); }
    if (changed) { std::ranges::sort(nodes_, {}, &playground_node::id); }  // so the first node gets the first slots
    for (std::size_t i = 0; i < count; ++i) {
        endpoint const address{"127.0.0.1", static_cast<std::uint16_t>(first_port + i)};
        changed = changed || nodes_[i].address != address;
        nodes_[i].address = address;
    }
    if (changed) {
        ++version_;
        write_topology();
    }
    make_secret();
    for (std::size_t i = 0; i < count; ++i) { make(node_path(i)); }
}

void playground_directory::make_secret() const
{
    if (fs::exists(secret_path())) { return; }
    auto const unfinished = root_ / "cluster-secret.new";
    std::ofstream file{unfinished};
    std::error_code problem;
    fs::permissions(unfinished, fs::perms::owner_read | fs::perms::owner_write, problem);  // before there is anything in it
    file << node_id::random().text() << '\n';
    file.close();
    if (file && !problem) { fs::rename(unfinished, secret_path(), problem); }
    if (!file || problem) { throw refused(fmt::format("cannot write {}", secret_path().string())); }
}

void playground_directory::write_topology() const
{
    auto nodes = nlohmann::json::array();
    for (auto const& node : nodes_) { nodes.push_back({{"id", node.id.text()}, {"endpoint", node.address.text()}}); }
    // Renamed into place: half a file would lose the ids, and with them the data.
    auto const unfinished = root_ / "topology.json.new";
    std::ofstream file{unfinished};
    file << nlohmann::json{{"version", version_}, {"nodes", std::move(nodes)}}.dump(2) << '\n';
    file.close();
    std::error_code problem;
    if (file) { fs::rename(unfinished, topology_path(), problem); }
    if (!file || problem) { throw refused(fmt::format("cannot write {}", topology_path().string())); }
}

fs::path playground_directory::node_path(std::size_t i) const { return root_ / fmt::format("node-{}", i + 1); }

}  // namespace mykeyv::cli
