#include "core/generate/geography.hpp"

#include <array>
#include <vector>

namespace starhouse::generate {

namespace {

constexpr std::array<City, 63> all_cities{{
    {"Mumbai", "Maharashtra", "West", 1},
    {"Delhi", "Delhi", "North", 1},
    {"Bengaluru", "Karnataka", "South", 1},
    {"Hyderabad", "Telangana", "South", 1},
    {"Chennai", "Tamil Nadu", "South", 1},
    {"Kolkata", "West Bengal", "East", 1},
    {"Pune", "Maharashtra", "West", 1},
    {"Ahmedabad", "Gujarat", "West", 1},
    {"Jaipur", "Rajasthan", "North", 2},
    {"Lucknow", "Uttar Pradesh", "North", 2},
    {"Kanpur", "Uttar Pradesh", "North", 2},
    {"Chandigarh", "Chandigarh", "North", 2},
    {"Ludhiana", "Punjab", "North", 2},
    {"Agra", "Uttar Pradesh", "North", 2},
    {"Varanasi", "Uttar Pradesh", "North", 2},
    {"Surat", "Gujarat", "West", 2},
    {"Vadodara", "Gujarat", "West", 2},
    {"Rajkot", "Gujarat", "West", 2},
    {"Nagpur", "Maharashtra", "West", 2},
    {"Nashik", "Maharashtra", "West", 2},
    {"Indore", "Madhya Pradesh", "West", 2},
    {"Bhopal", "Madhya Pradesh", "West", 2},
    {"Kochi", "Kerala", "South", 2},
    {"Thiruvananthapuram", "Kerala", "South", 2},
    {"Coimbatore", "Tamil Nadu", "South", 2},
    {"Madurai", "Tamil Nadu", "South", 2},
    {"Visakhapatnam", "Andhra Pradesh", "South", 2},
    {"Vijayawada", "Andhra Pradesh", "South", 2},
    {"Mysuru", "Karnataka", "South", 2},
    {"Bhubaneswar", "Odisha", "East", 2},
    {"Patna", "Bihar", "East", 2},
    {"Ranchi", "Jharkhand", "East", 2},
    {"Guwahati", "Assam", "East", 2},
    {"Raipur", "Chhattisgarh", "East", 3},
    {"Udaipur", "Rajasthan", "North", 3},
    {"Jodhpur", "Rajasthan", "North", 3},
    {"Kota", "Rajasthan", "North", 3},
    {"Dehradun", "Uttarakhand", "North", 3},
    {"Amritsar", "Punjab", "North", 3},
    {"Jalandhar", "Punjab", "North", 3},
    {"Meerut", "Uttar Pradesh", "North", 3},
    {"Prayagraj", "Uttar Pradesh", "North", 3},
    {"Gorakhpur", "Uttar Pradesh", "North", 3},
    {"Shimla", "Himachal Pradesh", "North", 3},
    {"Jammu", "Jammu and Kashmir", "North", 3},
    {"Gwalior", "Madhya Pradesh", "West", 3},
    {"Jabalpur", "Madhya Pradesh", "West", 3},
    {"Aurangabad", "Maharashtra", "West", 3},
    {"Kolhapur", "Maharashtra", "West", 3},
    {"Panaji", "Goa", "West", 3},
    {"Bhavnagar", "Gujarat", "West", 3},
    {"Hubballi", "Karnataka", "South", 3},
    {"Mangaluru", "Karnataka", "South", 3},
    {"Tiruchirappalli", "Tamil Nadu", "South", 3},
    {"Salem", "Tamil Nadu", "South", 3},
    {"Tirupati", "Andhra Pradesh", "South", 3},
    {"Warangal", "Telangana", "South", 3},
    {"Kozhikode", "Kerala", "South", 3},
    {"Cuttack", "Odisha", "East", 3},
    {"Jamshedpur", "Jharkhand", "East", 3},
    {"Siliguri", "West Bengal", "East", 3},
    {"Asansol", "West Bengal", "East", 3},
    {"Gaya", "Bihar", "East", 3},
}};

constexpr std::array<std::string_view, 40> female{
    "Aaradhya", "Aditi",   "Aishwarya", "Ananya",  "Anjali", "Bhavna",  "Chitra", "Deepa",
    "Divya",    "Farah",   "Gauri",     "Isha",    "Jyoti",  "Kavita",  "Kiran",  "Lakshmi",
    "Lata",     "Madhuri", "Meera",     "Nandini", "Neha",   "Nisha",   "Pooja",  "Priya",
    "Radha",    "Rekha",   "Ritu",      "Rukmini", "Sakshi", "Sana",    "Shreya", "Simran",
    "Sneha",    "Sunita",  "Swati",     "Tanvi",   "Uma",    "Vandana", "Vidya",  "Zoya"};

constexpr std::array<std::string_view, 40> male{
    "Aarav",     "Aditya", "Ajay",   "Amit",  "Anil",   "Arjun",  "Ashok",  "Deepak",
    "Dev",       "Farhan", "Ganesh", "Gopal", "Harish", "Imran",  "Ishaan", "Jatin",
    "Karan",     "Kunal",  "Mahesh", "Manoj", "Mohan",  "Nikhil", "Nitin",  "Pranav",
    "Rahul",     "Rajesh", "Rakesh", "Ravi",  "Rohan",  "Sachin", "Sameer", "Sanjay",
    "Siddharth", "Suresh", "Tarun",  "Varun", "Vijay",  "Vikram", "Vivek",  "Yash"};

constexpr std::array<std::string_view, 48> last{
    "Agarwal",  "Banerjee",  "Bhat",   "Bose",   "Chatterjee", "Chauhan", "Das",      "Desai",
    "Deshmukh", "Fernandes", "Gandhi", "Ghosh",  "Gowda",      "Gupta",   "Iyer",     "Iyengar",
    "Jain",     "Joshi",     "Kapoor", "Kaur",   "Khan",       "Khanna",  "Kulkarni", "Kumar",
    "Malhotra", "Mehta",     "Menon",  "Mishra", "Mukherjee",  "Nair",    "Naidu",    "Pandey",
    "Patel",    "Patil",     "Pillai", "Rao",    "Rathore",    "Reddy",   "Saxena",   "Shah",
    "Sharma",   "Shetty",    "Singh",  "Sinha",  "Srivastava", "Thakur",  "Tiwari",   "Verma"};

constexpr int stores_in(int tier) {
  return tier == 1 ? 5 : tier == 2 ? 2 : 1;
}

std::vector<std::size_t> opening_order() {
  std::vector<std::size_t> order;
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < all_cities.size(); ++i) {
      if (round < stores_in(all_cities[i].tier)) {
        order.push_back(i);
      }
    }
  }
  return order;
}

} // namespace

std::span<const City> cities() noexcept {
  return all_cities;
}

const City &city_of_store(std::size_t store) noexcept {
  static const std::vector<std::size_t> order = opening_order();
  return all_cities[order[store % order.size()]];
}

std::span<const std::string_view> female_names() noexcept {
  return female;
}
std::span<const std::string_view> male_names() noexcept {
  return male;
}
std::span<const std::string_view> last_names() noexcept {
  return last;
}

} // namespace starhouse::generate
