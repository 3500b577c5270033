// SPDX-License-Identifier: Apache-2.0
// Reads of MySQL outside of the lanes.
#include "mykeyv/store/reader.hpp"

#include "tests/integration/fixtures/mysql_servers.hpp"

#include <future>
#include <optional>
#include <string>

namespace mykeyv::store {
namespace {

using namespace std::chrono_literals;

/// What became of a read: how it ended, or nothing if it was handed on.
using fate = std::optional<errc>;

class a_read final : public operation {
public:
    a_read(std::string key, std::promise<fate>& into) : operation{slot_of(key), {std::move(key)}, access::read}, into_{into} {}
    void decide(std::span<record_view const* const>, context const&, std::span<change>) override {}
    void completed(operation_ptr, errc outcome) noexcept override { into_.set_value(outcome); }
    void handed_on() { into_.set_value(std::nullopt); }

private:
    std::promise<fate>& into_;
};

class a_reader : public test::mysql_test {
protected:
    void start()
    {
        must(c.execute("INSERT INTO records (slot,k,version,format,v) VALUES (" + std::to_string(s_.number()) + ",'k',7,0,'v')"));
        must(c.commit());
        tenure held;
        must(take_over(settings, "a", 1s, 10s, held));
        mysql_.emplace(settings, held, log_, [] {});
        env_.emplace(log_, clock_, *mysql_, known_, 16u << 20, 1s);
        reader_.emplace(0u, *env_, [](operation_ptr op) { static_cast<a_read&>(*op).handed_on(); });
    }
    fate read()
    {
        std::promise<fate> ended;
        auto became = ended.get_future();
        reader_->submit(std::make_unique<a_read>("k", ended));
        return became.get();
    }
    bool is_cached() { return bool{known_.find(s_, "k")}; }

    slot const s_ = slot_of("k");
    log log_{log_level::warning};
    system_clock clock_;
    cache known_{1 << 20};
    std::optional<connector> mysql_;
    std::optional<environment> env_;
    std::optional<reader> reader_;
};
MYKEYV_ON_EACH_SERVER(a_reader);

TEST_P(a_reader, answers_from_mysql_and_fills_the_cache)
{
    start();
    env_->gates.set(s_, gate::open);
    EXPECT_EQ(read(), errc::ok);
    EXPECT_TRUE(is_cached());
}

TEST_P(a_reader, hands_on_what_is_not_served_and_leaves_the_cache_alone)
{
    start();
    for (auto const not_open : {gate::closed, gate::parked}) {
        env_->gates.set(s_, not_open);
        EXPECT_EQ(read(), std::nullopt);
        EXPECT_FALSE(is_cached());
    }
}

TEST_P(a_reader, hands_on_what_a_write_overlapped_and_leaves_the_cache_alone)
{
    start();
    env_->gates.set(s_, gate::open);
    env_->stamps.begin(s_);
    EXPECT_EQ(read(), std::nullopt);
    EXPECT_FALSE(is_cached());
}

}  // namespace
}  // namespace mykeyv::store
