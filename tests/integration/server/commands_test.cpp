// SPDX-License-Identifier: Apache-2.0
// Each command, once or twice; what it does to records in detail is tested with the record functions.
#include "tests/integration/server/node_fixture.hpp"

namespace mykeyv::test {
namespace {

using commands = session_test;

TEST_F(commands, get_and_set)
{
    EXPECT_EQ(c("GET k"), "nil");
    EXPECT_EQ(c("SET k v"), "OK");
    EXPECT_EQ(c("GET k"), "v");
    EXPECT_EQ(c("SET k w XX GET"), "v");
    EXPECT_EQ(c("SET k x NX"), "nil");
    EXPECT_EQ(c("SETNX k x"), ":0");
    EXPECT_EQ(c("GETSET k y"), "w");
    EXPECT_EQ(c("STRLEN k"), ":1");
    EXPECT_EQ(c("GETDEL k"), "y");
    EXPECT_EQ(c("GET k"), "nil");
}

TEST_F(commands, parts_of_values)
{
    EXPECT_EQ(c("APPEND k hello"), ":5");
    EXPECT_EQ(c("SETRANGE k 1 ipp"), ":5");
    EXPECT_EQ(c("GETRANGE k 0 -2"), "hipp");
    EXPECT_EQ(c("SUBSTR k 4 4"), "o");
}

TEST_F(commands, numbers)
{
    EXPECT_EQ(c("INCR n"), ":1");
    EXPECT_EQ(c("INCRBY n 41"), ":42");
    EXPECT_EQ(c("DECR n"), ":41");
    EXPECT_EQ(c("DECRBY n 41"), ":0");
    EXPECT_EQ(c("INCRBYFLOAT n 1.5"), "1.5");
    EXPECT_EQ(c("INCR n"), "-ERR value is not an integer or out of range");
    EXPECT_EQ(c("DECRBY n -9223372036854775808"), "-ERR decrement would overflow");
}

TEST_F(commands, several_keys_of_one_slot)
{
    EXPECT_EQ(c("MSET {a}1 x {a}2 y {a}1 z"), "OK");
    EXPECT_EQ(c("MGET {a}1 {a}2 {a}3"), "[z, y, nil]");
    EXPECT_EQ(c("MSETNX {a}3 x {a}2 y"), ":0");
    EXPECT_EQ(c("EXISTS {a}1 {a}1 {a}3"), ":2");
    EXPECT_EQ(c("DEL {a}1 {a}2 {a}1"), ":2");
    EXPECT_EQ(c("MGET a b"), "-CROSSSLOT Keys in request don't hash to the same slot");
    EXPECT_EQ(c("MSET a 1 b"), "-ERR wrong number of arguments for 'mset' command");
}

TEST_F(commands, times_to_live)
{
    EXPECT_EQ(c("SET k v EX 100"), "OK");
    EXPECT_EQ(c("TTL k"), ":100");
    EXPECT_EQ(c("PERSIST k"), ":1");
    EXPECT_EQ(c("TTL k"), ":-1");
    EXPECT_EQ(c("TTL absent"), ":-2");
    EXPECT_EQ(c("EXPIRE k 50 XX"), ":0");
    EXPECT_EQ(c("PEXPIREAT k 99999999999999 NX"), ":1");
    EXPECT_EQ(c("PEXPIRETIME k"), ":99999999999999");
    EXPECT_EQ(c("GETEX k PERSIST"), "v");
    EXPECT_EQ(c("EXPIRE k 0"), ":1");
    EXPECT_EQ(c("EXISTS k"), ":0");
    EXPECT_EQ(c("SETEX k 0 v"), "-ERR invalid expire time in 'setex' command");
}

TEST_F(commands, documents)
{
    EXPECT_EQ(c.call({"JSON.SET", "j", "$", "{ \"a\" : [1, 9007199254740993] }"}), "OK");
    EXPECT_EQ(c("JSON.GET j"), "{\"a\":[1,9007199254740993]}");
    EXPECT_EQ(c("JSON.GET j $"), "[{\"a\":[1,9007199254740993]}]");
    EXPECT_EQ(c("JSON.GET j $.a"), "-ERR only the root path ($ or .) of a document is served");
    EXPECT_EQ(c("JSON.SET j $ {"), "-ERR the text is not one JSON value");
    EXPECT_EQ(c("TYPE j"), "ReJSON-RL");
    EXPECT_EQ(c("GET j"), "-WRONGTYPE Operation against a key holding the wrong kind of value");
    EXPECT_EQ(c("JSON.DEL j"), ":1");
}

TEST_F(commands, whole_records)
{
    auto const version = c("KV.SET k v");
    EXPECT_EQ(c("KV.GET k"), "[v, bytes, " + version + ", nil]");
    EXPECT_EQ(c("KV.SET k w IFVERSION 1"), "nil");
    EXPECT_EQ(c("KV.SET k w NX"), "nil");
    EXPECT_TRUE(c.call({"KV.SET", "k", "{}", "FORMAT", "document", "IFVERSION", std::string_view{version}.substr(1)}).starts_with(":"));
    EXPECT_EQ(c("JSON.GET k"), "{}");
    EXPECT_EQ(c("KV.GET absent"), "nil");
}

TEST_F(commands, of_the_whole_node)
{
    EXPECT_EQ(c("RANDOMKEY"), "nil");
    EXPECT_EQ(c("MSET {x}1 a {x}2 b {x}3 c"), "OK");
    EXPECT_EQ(c("DBSIZE"), ":3");
    EXPECT_EQ(c("SCAN 0 MATCH *2 COUNT 100"), "[0, [{x}2]]");
    EXPECT_EQ(c("KEYS *3"), "[{x}3]");
    EXPECT_TRUE(c("RANDOMKEY").starts_with("{x}"));
    auto const where = c("CLUSTER KEYSLOT x").substr(1);
    EXPECT_EQ(c("CLUSTER COUNTKEYSINSLOT " + where), ":3");
    EXPECT_EQ(c("CLUSTER COUNTKEYSINSLOT 16384"), "-ERR Invalid slot");
    EXPECT_EQ(c("FLUSHDB"), "OK");
    EXPECT_EQ(c("DBSIZE"), ":0");
}

TEST_F(commands, scan_finds_every_key_in_pages)
{
    std::vector<std::vector<std::string_view>> sets;
    std::vector<std::string> keys;
    for (int i = 0; i < 300; ++i) { keys.push_back("key" + std::to_string(i)); }
    for (auto const& key : keys) { sets.push_back({"SET", key, "v"}); }
    c.pipeline(sets);
    std::string all;
    std::string cursor = "0";
    int pages = 0;
    do {
        auto const page = c("SCAN " + cursor + " COUNT 50");
        cursor = page.substr(1, page.find(',') - 1);
        all += page + ",";
        ++pages;
    } while (cursor != "0" && pages < 100);
    EXPECT_GT(pages, 3);
    for (auto const& key : keys) { EXPECT_TRUE(all.find(key + ",") != all.npos || all.find(key + "]") != all.npos) << key; }
}

TEST_F(commands, about_the_cluster_describe_one_node)
{
    auto const id = shared_node::get()->id().text();
    auto const port = std::to_string(shared_node::get().at().port);
    EXPECT_EQ(c("CLUSTER MYID"), id);
    EXPECT_EQ(c("CLUSTER SLOTS"), "[[:0, :16383, [127.0.0.1, :" + port + ", " + id + ", []]]]");
    EXPECT_TRUE(c("CLUSTER INFO").starts_with("cluster_enabled:1\r\ncluster_state:ok\r\n"));
    EXPECT_TRUE(c("CLUSTER NODES").ends_with("connected 0-16383\n"));
    EXPECT_EQ(c("CLUSTER FOO"), "-ERR unknown subcommand 'FOO'. Try CLUSTER HELP.");
    EXPECT_EQ(c("CLUSTER"), "-ERR wrong number of arguments for 'cluster' command");
    EXPECT_EQ(c("CLUSTER KEYSLOT"), "-ERR wrong number of arguments for 'cluster|keyslot' command");
}

TEST_F(commands, that_clients_send_on_connecting)
{
    EXPECT_EQ(c("PING"), "PONG");
    EXPECT_EQ(c("PING x"), "x");
    EXPECT_EQ(c("ECHO x"), "x");
    EXPECT_EQ(c("SELECT 0"), "OK");
    EXPECT_EQ(c("SELECT 1"), "-ERR SELECT is not allowed in cluster mode");
    EXPECT_EQ(c("CLIENT SETNAME me"), "OK");
    EXPECT_EQ(c("CLIENT GETNAME"), "me");
    EXPECT_EQ(c("CLIENT SETINFO LIB-NAME redis-py"), "OK");
    EXPECT_NE(c("CLIENT LIST").find("name=me"), std::string::npos);
    EXPECT_EQ(c("CLIENT NO-EVICT on"), "OK");
    EXPECT_EQ(c("CLIENT NO-TOUCH OFF"), "OK");
    EXPECT_EQ(c("CLIENT NO-EVICT maybe"), "-ERR syntax error");
    EXPECT_TRUE(c("CLIENT MAINT_NOTIFICATIONS ON").starts_with("-ERR unknown subcommand"));
    EXPECT_TRUE(c("AUTH x").starts_with("-ERR AUTH <password> called without any password configured"));
    EXPECT_EQ(c("READONLY"), "OK");
    EXPECT_EQ(c("CONFIG GET save"), "[save, ]");
    EXPECT_NE(c("INFO").find("# Cluster\r\ncluster_enabled:1\r\n"), std::string::npos);
    EXPECT_EQ(c("INFO cluster"), "# Cluster\r\ncluster_enabled:1\r\n");
    EXPECT_EQ(c("RESET"), "RESET");
    EXPECT_EQ(c("CLIENT GETNAME"), "nil");
    EXPECT_EQ(c("foo bar"), "-ERR unknown command 'foo', with args beginning with: 'bar' ");
}

TEST_F(commands, hello_chooses_the_protocol)
{
    EXPECT_EQ(c("HELLO 4"), "-NOPROTO unsupported protocol version");
    auto const id = c("CLIENT ID");
    auto const rest = ", id, " + id + ", mode, cluster, role, master, modules, [[name, ReJSON, ver, :20606, path, , args, []]]]";
    EXPECT_EQ(c("HELLO 3"), "[server, redis, version, 7.0.15, proto, :3" + rest);
    EXPECT_EQ(c("HELLO 2"), "[server, redis, version, 7.0.15, proto, :2" + rest);
    EXPECT_TRUE(c("HELLO 2 AUTH default x").starts_with("-ERR AUTH <password> called without"));
}

TEST_F(commands, are_told_by_command)
{
    EXPECT_EQ(c("COMMAND INFO get nonsense"), "[[get, :2, [readonly, fast], :1, :1, :1, [], [], [], []], nil]");
    EXPECT_EQ(c("COMMAND GETKEYS MSET a 1 b 2"), "[a, b]");
    EXPECT_EQ(c("COMMAND GETKEYS KV.EVAL code {} 1 k"), "[k]");
    EXPECT_EQ(c("COMMAND DOCS ping"), "[ping, [summary, PONG, or its argument., since, 1.0.0, group, connection]]");
}

}  // namespace
}  // namespace mykeyv::test
